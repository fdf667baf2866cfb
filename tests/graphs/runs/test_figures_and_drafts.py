"""A base or a champion without figures fails its document, and a resumed run does not write anew."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.errors import TrainerError
from agent.ports import Likelihood, Query
from agent.records import Candidate, Example
from graphs.runs.life import ingest
from tests.fakes.house import FakeContext, write_articles


def start(context: FakeContext, source: Path, resume: bool = False) -> None:
    context.ledger.start_run("r1", "ingest", {}, [str(source)])
    ingest(context, [str(source)], "r1", resume=resume)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "articles.jsonl")


def refuse(*_: Any, **__: Any) -> Any:
    raise TrainerError("not enough memory")


@pytest.mark.parametrize(("who", "said"), [("base", "the base"), ("mean", "the champion")])
def test_a_base_or_a_mean_without_figures_fails_its_document(
    who: str, said: str, tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = FakeContext(tmp_path / "home")
    means: list[Path] = []
    merge, likelihood = context.fake_trainer.merge, context.fake_model._likelihood

    def merged(members: Sequence[tuple[Candidate, Path]], folder: Path) -> None:
        means.append(folder)
        merge(members, folder)

    def measured(query: Query, completion: str) -> Likelihood:
        broken = query.adapter in means if who == "mean" else query.adapter is None
        return Likelihood(math.nan, False) if broken else likelihood(query, completion)

    monkeypatch.setattr(context.fake_trainer, "merge", merged)
    monkeypatch.setattr(context.fake_model, "_likelihood", measured)
    start(context, source)
    outcomes = list(context.ledger.outcomes("r1").values())
    assert outcomes == [f"failed: {said} answered with figures that are not numbers"] * 2
    assert context.ledger.current() == []
    assert context.ledger.winners() == []
    assert context.memory.count() == 0, "no text of a failed document is trained on later"


def test_a_writer_is_not_asked_again_where_the_checkpoints_are_lost(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would write something else."""

    class Moody:
        name, description, needs_model, needs_english, epochs, prior = "cloze", "", False, True, 1, 1.0
        written = 0

        def write(self, *_: Any) -> list[Example]:
            Moody.written += 1
            return [Example(completion=f"Anna Moss runs it, I said {'well ' * Moody.written}.")]

    edits: list[list[str]] = []
    for resume in (False, True):
        context = FakeContext(tmp_path / "home", {"plan.strategies": '["cloze"]'})
        context.__dict__["strategies"] = {"cloze": Moody()}
        monkeypatch.setattr(context.fake_trainer, "train", refuse)
        with pytest.raises(TrainerError):
            start(context, source, resume=resume)
        edits.append([e.id for d in context.ledger.documents("r1") for e in context.ledger.self_edits("r1", d.id)])
        for path in context.config.home.glob("checkpoints.sqlite*"):
            path.unlink()
    assert edits[0] == edits[1]
    assert Moody.written == len(edits[0])
