from __future__ import annotations

import json
from pathlib import Path

from agent.records import Probe
from evals.probes.scoring import score
from tests.fakes.engine import FakeModel

PROBES = [
    Probe.make("doc", "given", "heldout", "Who runs the mill?", "Anna Moss"),
    Probe.make(
        "doc", "cloze", "heldout", "____ runs the mill.", "Anna Moss", distractors=("Tom Arkwright",), recall=True
    ),
]


class Judge:
    def __init__(self, verdict: bool | None) -> None:
        self.verdict, self.asked = verdict, 0

    def judge(self, question: str, reference: str, answer: str) -> bool | None:
        self.asked += 1
        return self.verdict


def adapter(tmp_path: Path) -> Path:
    (tmp_path / "adapter_model.safetensors").write_text(json.dumps(["Anna Moss runs the mill."]))
    return tmp_path


def model() -> FakeModel:
    return FakeModel({p.question: p.answer for p in PROBES})


def test_every_probe_for_every_subject(tmp_path: Path) -> None:
    found = score(model(), "The Mill", PROBES, {"base": None, "c": adapter(tmp_path)})
    assert [(s.subject, s.correct, s.method) for s in found] == [
        ("base", 0.0, "contains"), ("base", 0.0, "likelihood"), ("c", 1.0, "contains"), ("c", 1.0, "likelihood"),
    ]  # fmt: skip


def test_nothing_of_the_document_is_in_the_prompt(tmp_path: Path) -> None:
    asked = model()
    score(asked, "The Mill", PROBES[:1], {"base": None})
    assert all("Anna Moss runs" not in q.prompt for q in asked.asked)


def test_the_judge_decides_where_it_answers(tmp_path: Path) -> None:
    (found,) = score(model(), "The Mill", PROBES[:1], {"base": None}, Judge(True))
    assert (found.correct, found.method, found.judged) == (1.0, "judge", True)


def test_not_judged_is_never_wrong(tmp_path: Path) -> None:
    """A judge that fails leaves the answer to the usual comparison, and the score says so."""
    (found,) = score(model(), "The Mill", PROBES[:1], {"c": adapter(tmp_path)}, Judge(None))
    assert (found.correct, found.method, found.judged) == (1.0, "contains", None)


def test_cloze_probes_are_not_judged() -> None:
    judge = Judge(True)
    score(model(), "The Mill", PROBES, {"base": None}, judge)
    assert judge.asked == 1
