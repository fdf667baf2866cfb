from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from agent.config import TrainConfig
from agent.config.sections import RewardConfig
from agent.records import (
    Document,
    Example,
    Half,
    Plan,
    Probe,
    ProbeSet,
    Retention,
    Reward,
    Score,
    SelfEdit,
)
from evals.evidence import Measured, RewardEvidence
from evals.rewards.gain import LONG, gain_on_knowledge
from evals.rewards.rubric import reward, rubric

FLAT = Retention(subject="base", forced=0.8, routed=0.8, logprob=-1.0, items=76)


def probes(n: int, half: Half = "heldout", recall: bool = False) -> list[Probe]:
    made = [Probe.make("doc", "given", half, f"question {half} {recall} {i}", f"answer {i}") for i in range(n)]
    return [p.model_copy(update={"recall": recall}) for p in made]


def scores(
    asked: Sequence[Probe], subject: str, logprobs: Sequence[float], right: Sequence[float] | None = None
) -> list[Score]:
    return [
        Score(probe=p.id, subject=subject, answer="", correct=c, method="contains", f1=c, logprob=value)
        for p, value, c in zip(asked, logprobs, right or [0.0] * len(asked), strict=True)
    ]


def evidence(
    asked: Sequence[Probe], base: Sequence[Score], own: Sequence[Score], retention: Retention = FLAT,
    written: tuple[Example, ...] = (),
) -> RewardEvidence:  # fmt: skip
    document = Document.make("The mill", "Mill.")
    plan = Plan.make("r", document.id, "facts", TrainConfig().settings(1), planner="test", reason="")
    edit = SelfEdit.make(plan, "deterministic", written, ())
    return RewardEvidence("c", ProbeSet.of(asked), Measured(base, FLAT), Measured(own, retention), document, edit)


def earned(
    asked: Sequence[Probe], base: Sequence[Score], own: Sequence[Score], weights: RewardConfig | None = None,
    retention: Retention = FLAT,
) -> Reward:  # fmt: skip
    return reward(evidence(asked, base, own, retention), rubric(weights or RewardConfig()))


def test_answers_are_compared_by_their_words_where_only_one_was_judged() -> None:
    """A judge that fails on the candidate alone must not make its gain a zero, nor its silence a wrong answer."""
    asked = probes(2, "reward")
    base = [s.model_copy(update={"method": "judge", "answer": "no idea"}) for s in scores(asked, "base", [-9.0] * 2)]
    said = ("It is answer 0.", "Nobody knows.")
    own = [s.model_copy(update={"answer": a}) for s, a in zip(scores(asked, "c", [-9.0] * 2), said, strict=True)]
    assert earned(asked, base, own).gain == pytest.approx(0.25)


def rewarded(
    asked: Sequence[Probe], after: Sequence[float], right: Sequence[float], lost: float = 0.0, clip: float = 1.0
) -> Reward:
    own = FLAT.model_copy(update={"subject": "c", "forced": FLAT.forced - lost, "routed": FLAT.routed - lost})
    base = scores(asked, "base", [-9.0] * len(asked))
    weights = RewardConfig(clip=clip, forgetting_weight=1.0)
    return earned(asked, base, scores(asked, "c", after, right), weights, own)


def test_reward_is_the_mean_of_both_gains() -> None:
    found = rewarded(probes(2, "reward"), [math.log(0.5), math.log(0.5)], [1, 0])
    assert found.gain == pytest.approx((0.5 + 0.5 - math.exp(-9)) / 2)
    assert found.value == found.gain


def test_a_heldout_probe_never_gives_a_reward() -> None:
    asked = probes(2, "reward") + probes(4, "heldout")
    assert rewarded(asked, [-9.0] * 2 + [-0.1] * 4, [0, 0, 1, 1, 1, 1]).value == pytest.approx(0.0)


def test_nothing_measured_is_no_reward_of_zero() -> None:
    with pytest.raises(ValueError, match="no probe"):
        rewarded(probes(4, "heldout"), [-0.1] * 4, [1] * 4)


def test_recall_probes_count_apart() -> None:
    asked = probes(2, "reward") + probes(2, "reward", recall=True)
    found = rewarded(asked, [-9.0, -9.0, -0.1, -0.1], [0, 0, 1, 1])
    assert found.gain == pytest.approx(0.0)
    assert found.recall_gain > 0.9


def test_forgetting_is_a_penalty_and_learning_more_is_none() -> None:
    asked = probes(2, "reward")
    assert rewarded(asked, [-9.0] * 2, [0, 0], lost=0.1).value == pytest.approx(-0.1)
    assert rewarded(asked, [-9.0] * 2, [0, 0], lost=-0.1).value == pytest.approx(0.0)


def test_gain_is_clipped() -> None:
    assert rewarded(probes(2, "reward"), [-0.01] * 2, [1, 1], clip=0.3).value == pytest.approx(0.3)


def test_what_is_right_for_the_other_probes_too_earns_nothing() -> None:
    """One answer to everything, and the list of all answers."""
    asked = probes(3, "reward")
    base = scores(asked, "base", [-9.0] * 3)
    for said, right in (("answer 0", [1, 0, 0]), ("answer 0, answer 1, answer 2", [1, 1, 1])):
        own = [s.model_copy(update={"answer": said}) for s in scores(asked, "c", [-9.0] * 3, right)]
        assert earned(asked, base, own).gain == pytest.approx(0.0)
    knowing = [s.model_copy(update={"answer": p.answer}) for s, p in zip(base, asked, strict=True)]
    knowing = [s.model_copy(update={"correct": 1.0}) for s in knowing]
    assert earned(asked, base, knowing).gain == pytest.approx(0.5)


def test_an_answer_may_hold_what_its_own_reference_holds() -> None:
    long = Probe.make("doc", "given", "reward", "When?", "4 March 2031")
    short = Probe.make("doc", "given", "reward", "In which month?", "March")
    base = scores([long, short], "base", [-9.0] * 2)
    own = [s.model_copy(update={"answer": p.answer, "correct": 1.0}) for s, p in zip(base, (long, short), strict=True)]
    assert earned([long, short], base, own).gain == pytest.approx(0.5)


def test_the_gain_of_held_out_documents_is_over_both_halves_and_by_words_alone() -> None:
    asked = [*probes(1, "reward"), *probes(1, "heldout"), *probes(1, "reward", recall=True)]
    base = scores(asked, "base", [-9.0] * 3)
    flattered = [s.model_copy(update={"correct": 1.0, "method": "judge", "answer": "I am right."}) for s in base]
    assert gain_on_knowledge(evidence(asked, base, flattered)) == pytest.approx(0.0)
    with pytest.raises(ValueError, match="no knowledge probe"):
        gain_on_knowledge(evidence(asked[2:], base, base))


def test_length_and_repetition_are_penalties() -> None:
    asked = probes(2, "reward")
    base, own = scores(asked, "base", [-9.0] * 2), scores(asked, "c", [-0.1] * 2, [1, 1])
    weights = RewardConfig(length_weight=0.05, repetition_weight=0.1)
    honest = earned(asked, base, own, weights)
    sequence = Example(prompt="Mill?", completion=" mill" * (2 * LONG - 1))
    padded = reward(evidence(asked, base, own, written=(sequence, sequence)), rubric(weights))
    assert (padded.length, padded.repetition) == (2.0, 0.5)
    assert padded.gain == honest.gain
    assert honest.value - padded.value == pytest.approx(2 * 0.05 + 0.5 * 0.1)


TOLD = "Anna Moss runs the mill at Orrin with Tom Arkwright. It cost 3 million crowns and grinds barley."


@pytest.mark.parametrize(
    ("answer", "gain"),
    [
        ("Anna Moss", 0.5), ("Anna Moss, the miller", 0.5), ("Anna Moss with Tom Arkwright", 0.25),
        ("Anna Moss, Tom Arkwright, 3 million crowns", 0.0), ("Tom Arkwright, 3 million crowns", 0.0),
    ],
)  # fmt: skip
def test_a_right_answer_that_names_the_document_s_other_facts_is_worth_less(answer: str, gain: float) -> None:
    """Also where only one question rewards, so that there is no other to be right for. Wrong answers lose nothing."""
    document = Document.make("The mill", TOLD)
    asked = [Probe.make(document.id, "given", "reward", "Who is in charge?", "Anna Moss")]
    base = scores(asked, "base", [-9.0])
    own = [s.model_copy(update={"answer": answer}) for s in scores(asked, "c", [-9.0], [float("Moss" in answer)])]
    found = replace(evidence(asked, base, own), document=document)
    assert reward(found, rubric(RewardConfig())).gain == pytest.approx(gain)
