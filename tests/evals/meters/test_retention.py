"""What is still known of the general questions: forced, as routed, and what of it the gate sees."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.config.sections import GateConfig
from agent.models.prompts import asked_prompt, probe_prompt
from agent.ports import Likelihood, Query
from agent.records import ProbeSet
from evals.evidence import Evidence, Measured
from evals.gates.document import decide
from evals.meters.retention import RetentionMeter, items, questions
from tests.fakes.engine import FakeModel


def adapter(tmp_path: Path) -> Path:
    (tmp_path / "adapter_model.safetensors").write_text(json.dumps(["Anna Moss runs the mill."]))
    return tmp_path


def test_retention_set_is_large_enough_and_unlike_itself() -> None:
    common = [item for item in items() if item.common]
    assert len(common) == 76
    assert len(items()) - len(common) >= 120
    assert len(set(questions())) == len({i.prompt for i in items()}) == len(items())
    assert all(len(item.completion.split()) <= 4 for item in items())


def test_retention_counts_what_greedy_decoding_gets_right() -> None:
    (found,) = RetentionMeter(FakeModel()).measure({"base": None}, "", [False] * len(items()))
    assert (found.forced, found.routed, found.items, found.reached) == (1.0, 1.0, len(items()), 0)


def test_routed_retention_takes_the_adapter_only_where_it_would_be_asked(tmp_path: Path) -> None:
    class Forgetful(FakeModel):
        def likelihoods(self, queries: Sequence[Query], completions: Sequence[str]) -> list[Likelihood]:
            return [Likelihood(-1.0, q.adapter is None) for q in queries]

    routed = [i % 20 == 0 for i in range(len(items()))]
    assert {item.common for item, near in zip(items(), routed, strict=True) if near} == {True, False}
    (found,) = RetentionMeter(Forgetful()).measure({"c": adapter(tmp_path)}, "The Mill", routed)
    assert found.forced == 0.0
    assert found.reached == sum(routed)
    assert found.routed == pytest.approx(1 - sum(routed) / len(items()))


def test_an_adapter_is_asked_the_common_questions_and_as_seal_ask_does_those_that_reach_it(tmp_path: Path) -> None:
    model, path = FakeModel(), adapter(tmp_path)
    (topical, *_) = (i for i, item in enumerate(items()) if not item.common)
    RetentionMeter(model).measure({"c": path}, "The Mill", [i == topical for i in range(len(items()))])
    common = [item.prompt for item in items() if item.common]
    routed = probe_prompt("The Mill", questions()[topical])
    assert sorted(q.prompt for q in model.asked if q.adapter) == sorted([*common, routed])
    texts = [item.prompt for item in items() if not item.question]
    plain = [asked_prompt(item.question) for item in items() if item.question]
    assert {q.prompt for q in model.asked if not q.adapter} == {*common, *texts, *plain}


def test_forgetting_the_topical_questions_that_reach_an_adapter_fails_the_gate(tmp_path: Path) -> None:
    class Forgetful(FakeModel):
        def likelihoods(self, queries: Sequence[Query], completions: Sequence[str]) -> list[Likelihood]:
            return [Likelihood(-1.0, q.adapter is None) for q in queries]

    near = [i for i, item in enumerate(items()) if not item.common]
    verdicts = []
    for reached in (near[:2], near[:9]):
        routed = [i in reached for i in range(len(items()))]
        base, own = RetentionMeter(Forgetful()).measure({"base": None, "c": adapter(tmp_path)}, "The Mill", routed)
        evidence = Evidence("c", ProbeSet(), Measured([], base), Measured([], own))
        verdicts.append(decide(evidence, GateConfig(alpha=0.05, min_probes=5, max_retention_loss=0.02)).verdict)
    assert verdicts == ["undecided", "reject"]
