"""The reward as a table of terms: what each weighs, what is only reported, and what packages outside add."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from agent.config import TrainConfig
from agent.config.sections import RewardConfig
from agent.errors import ConfigError
from agent.records import Document, Example, Plan, Probe, ProbeSet, Retention, Reward, Score, SelfEdit
from evals.evidence import Measured, RewardEvidence
from evals.rewards.rubric import GROUP, Term, reward, rubric
from tests.fakes.packages import install

WEIGHTS = RewardConfig(clip=0.3, forgetting_weight=0.5, length_weight=0.05, repetition_weight=0.1)
BREVITY = """
from evals.rewards.rubric import Term
BREVITY = Term("brevity", lambda it: 1 / (1 + len(it.self_edit.examples)){more})
"""


def evidence() -> RewardEvidence:
    """Of one right answer where the base had none, with a tenth of the general questions forgotten."""
    document = Document.make("The mill", "Mill.")
    probe = Probe.make(document.id, "given", "reward", "Who runs it?", "Anna Moss")
    base, own = (
        Measured(
            [Score(probe=probe.id, subject=who, answer="", correct=right, method="contains", f1=right, logprob=-1.0)],
            Retention(subject=who, forced=forced, routed=0.8, logprob=-1.0, items=76),
        )
        for who, right, forced in (("base", 0.0, 0.8), ("c", 1.0, 0.7))
    )
    plan = Plan.make("r", document.id, "facts", TrainConfig().settings(1), planner="test", reason="")
    said = Example(prompt="Mill?", completion=" mill" * 31)
    return RewardEvidence("c", ProbeSet((probe,)), base, own, document, SelfEdit.make(plan, "me", (said, said), ()))


def test_the_terms_and_their_weights() -> None:
    assert [(t.name, t.weight) for t in rubric(WEIGHTS)] == [
        ("gain", 1.0), ("forgetting", -0.5), ("length", -0.05), ("repetition", -0.1), ("recall_gain", 0.0),
    ]  # fmt: skip


def test_the_reward_is_the_weighted_sum_with_the_gain_clipped() -> None:
    found = reward(evidence(), rubric(WEIGHTS))
    assert (found.gain, found.length, found.repetition, found.recall_gain) == (0.5, 2.0, 0.5, 0.0)
    assert found.forgetting == 0.8 - 0.7
    assert found.value == 0.3 - 0.5 * found.forgetting - (0.05 * 2.0 + 0.1 * 0.5), "to the last bit, as ever"


@pytest.mark.parametrize(("weight", "moves"), [(0.0, 0.0), (0.25, 0.5), (-0.25, -0.5)])
def test_a_term_moves_the_reward_by_its_weight_and_a_metric_by_nothing(weight: float, moves: float) -> None:
    usual = rubric(WEIGHTS)
    found = reward(evidence(), (*usual, Term("two", lambda _: 2.0, weight)))
    assert found.others == {"two": 2.0}
    assert found.value == pytest.approx(reward(evidence(), usual).value + moves)


def test_a_record_without_others_is_what_it_always_was() -> None:
    found = reward(evidence(), rubric(WEIGHTS))
    assert set(found.model_dump(mode="json")) == {
        "candidate", "gain", "forgetting", "value", "recall_gain", "length", "repetition",
    }  # fmt: skip
    assert Reward.model_validate_json(found.model_dump_json()) == found


def test_a_term_sees_no_probe_that_is_held_out() -> None:
    """Nor does one of a package outside: what is held out never gives a reward."""
    known = evidence()
    heldout = Probe.make(known.document.id, "given", "heldout", "Where is it?", "Tarn")
    scored = [
        Measured([*side.scores, side.scores[0].model_copy(update={"probe": heldout.id})], side.retention)
        for side in (known.before, known.after)
    ]
    more = replace(known, probes=ProbeSet((heldout, *known.probes)), before=scored[0], after=scored[1])
    seen = [Term("probes", lambda it: len(it.probes)), Term("measured", lambda it: len(it.measured))]
    assert reward(more, [*seen, *rubric(WEIGHTS)]).others == {"probes": 1.0, "measured": 1.0}


def test_a_term_that_fails_is_no_reward_of_zero() -> None:
    def fails(_: RewardEvidence) -> float:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        reward(evidence(), (*rubric(WEIGHTS), Term("fails", fails)))
    with pytest.raises(ConfigError, match="'odd' came to nan"):
        reward(evidence(), (*rubric(WEIGHTS), Term("odd", lambda _: math.nan)))


@pytest.mark.parametrize(("more", "adds"), [("", 0.0), (", weight=0.3", 0.1)])
def test_a_package_outside_adds_a_term_which_counts_where_its_entry_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, adds: float
) -> None:
    without = reward(evidence(), rubric(WEIGHTS))
    install(monkeypatch, tmp_path, "toy_brevity", GROUP, BREVITY.format(more=more), "BREVITY")
    found = reward(evidence(), rubric(WEIGHTS))
    assert found.others == {"brevity": pytest.approx(1 / 3)}
    assert found.value == pytest.approx(without.value + adds)


@pytest.mark.parametrize("name", ["gain", "value", "others"])
def test_a_name_that_is_taken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    source = BREVITY.replace('"brevity"', repr(name)).format(more="")
    install(monkeypatch, tmp_path, "toy_brevity", GROUP, source, "BREVITY")
    with pytest.raises(ConfigError, match=f"two reward terms are called '{name}'"):
        rubric(WEIGHTS)
