from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest

from agent.records import GateDecision, Half, Probe, Retention, Reward, Score
from evals.gate import decide
from evals.reward import reward

FLAT = Retention(subject="base", forced=0.8, routed=0.8, logprob=-1.0, items=76)


def probes(n: int, half: Half = "heldout", recall: bool = False) -> list[Probe]:
    made = [Probe.make("doc", "given", half, f"question {half} {recall} {i}", f"answer {i}") for i in range(n)]
    return [p.model_copy(update={"recall": recall, "distractors": ("other",)}) for p in made]


def scores(
    asked: Sequence[Probe], subject: str, margins: Sequence[float], right: Sequence[float] | None = None
) -> list[Score]:
    return [
        Score(probe=p.id, subject=subject, answer="", correct=c, method="contains", f1=c, logprob=min(m, 0.0), margin=m)
        for p, m, c in zip(asked, margins, right or [0.0] * len(asked), strict=True)
    ]


def gate(
    asked: Sequence[Probe],
    before: Sequence[float],
    after: Sequence[float],
    lost: float = 0.0,
    right_before: Sequence[float] | None = None,
    right_after: Sequence[float] | None = None,
) -> GateDecision:
    own = FLAT.model_copy(update={"subject": "c", "forced": FLAT.forced - lost, "routed": FLAT.routed - lost})
    base_scores, own_scores = scores(asked, "base", before, right_before), scores(asked, "c", after, right_after)
    return decide("c", asked, base_scores, own_scores, FLAT, own, alpha=0.05, min_probes=5, max_retention_loss=0.02)


def test_clear_gain_is_published() -> None:
    decision = gate(probes(6), [-5.0] * 6, [-1.0, -2.0, -0.5, -1.5, -3.0, -0.2], right_after=[1, 1, 0, 0, 0, 1])
    assert decision.verdict == "publish"
    assert decision.p_value == pytest.approx(1 / 2**6)


def test_too_few_probes_decide_nothing() -> None:
    assert gate(probes(4), [-5.0] * 4, [-1.0] * 4).verdict == "undecided"


def test_recall_probes_never_carry_the_gate() -> None:
    assert gate(probes(9, recall=True), [-5.0] * 9, [-1.0] * 9).verdict == "undecided"


def test_recall_probes_strengthen_the_test_but_give_no_right_answer() -> None:
    both = probes(5) + probes(4, recall=True)
    margins = [-1.0, -1.0, -1.0, -5.5, -5.6, *[-1.0] * 4]
    assert gate(both[:5], [-5.0] * 5, margins[:5], right_after=[1, 0, 0, 0, 0]).verdict == "reject"
    assert gate(both, [-5.0] * 9, margins, right_after=[1, 0, 0, 0, 0, 0, 0, 0, 0]).verdict == "publish"
    assert gate(both, [-5.0] * 9, margins, right_after=[0, 0, 0, 0, 0, 1, 1, 1, 1]).verdict == "reject"


def test_reward_probes_never_count_for_the_gate() -> None:
    assert gate(probes(9, half="reward"), [-5.0] * 9, [-1.0] * 9).n == 0


def test_lost_retention_rejects_whatever_was_gained() -> None:
    decision = gate(probes(9), [-5.0] * 9, [-1.0] * 9, lost=0.05)
    assert decision.verdict == "reject"
    assert "retention" in decision.reason


def test_margins_alone_do_not_publish() -> None:
    same = gate(probes(6), [-5.0] * 6, [-1.0] * 6, right_before=[1, 0, 0, 0, 0, 0], right_after=[1, 0, 0, 0, 0, 0])
    lower = gate(probes(6), [-5.0] * 6, [-1.0] * 6, right_before=[1, 1, 0, 0, 0, 0], right_after=[1, 0, 0, 0, 0, 0])
    assert (same.verdict, lower.verdict) == ("reject", "reject")


def test_right_answers_alone_do_not_publish() -> None:
    draw = [-1.0, 1.0, -1.2, 1.1, -0.9, 0.8]
    assert gate(probes(6), [0.0] * 6, draw, right_after=[1, 0, 0, 0, 0, 0]).verdict == "reject"


def test_no_difference_is_no_gain() -> None:
    assert gate(probes(8), [-2.0] * 8, [-2.0] * 8).verdict == "reject"


def test_noise_is_published_at_most_as_often_as_alpha_allows() -> None:
    draw = random.Random(0)
    published = 0
    for _ in range(400):
        before, after = ([draw.gauss(0, 1) for _ in range(8)] for _ in range(2))
        right = [[float(draw.random() < 0.1) for _ in range(8)] for _ in range(2)]
        published += gate(probes(8), before, after, 0.0, *right).verdict == "publish"
    assert published <= 400 * 0.05


def test_what_is_not_a_number_is_never_published() -> None:
    decision = gate(probes(6), [-5.0] * 6, [-1.0] * 5 + [math.nan], right_after=[1] * 6)
    assert decision.verdict == "reject"


def test_probes_without_distractors_do_not_count() -> None:
    bare = [p.model_copy(update={"distractors": ()}) for p in probes(8)]
    assert gate(bare, [-5.0] * 8, [-1.0] * 8, right_after=[1] * 8).verdict == "undecided"


def test_an_answer_that_the_judge_failed_on_is_left_out() -> None:
    """A right paraphrase must not turn wrong because the judge timed out on it."""
    asked = probes(2, "reward")
    base = [s.model_copy(update={"method": "judge"}) for s in scores(asked, "base", [-9.0] * 2)]
    own = scores(asked, "c", [-9.0] * 2, [1.0, 0.0])
    own = [own[0].model_copy(update={"method": "judge"}), own[1]]
    assert reward("c", asked, base, own, FLAT, FLAT, 1.0, 0.0).gain == pytest.approx(0.5)


def rewarded(
    asked: Sequence[Probe], after: Sequence[float], right: Sequence[float], lost: float = 0.0, clip: float = 1.0
) -> Reward:
    own = FLAT.model_copy(update={"subject": "c", "forced": FLAT.forced - lost, "routed": FLAT.routed - lost})
    base = scores(asked, "base", [-9.0] * len(asked))
    return reward("c", asked, base, scores(asked, "c", after, right), FLAT, own, clip, 1.0)


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
