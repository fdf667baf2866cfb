"""What a candidate gained over the base on its document's probes, and what it forgot beside them."""

from __future__ import annotations

import math

from agent.records import Probe, ProbeSet, Score
from evals.evidence import Evidence
from evals.probes.matching import contains
from evals.probes.scoring import grade_alike


def gain_on_reward_half(evidence: Evidence) -> float:
    """Mean of the gain in accuracy and the gain in answer probability, in [-1, 1], over the probes that reward.

    Accuracy is net of what the same answers hit on the other probes (see `_stray`). The answer probability of a probe
    is exp(mean log-probability per token), in [0, 1].
    Raises ValueError where nothing was measured: that is no reward of zero.
    """
    if not evidence.measured.rewarding:
        raise ValueError(f"candidate {evidence.candidate} was measured on no probe of the reward half")
    return _gain(evidence.measured.rewarding, evidence)


def recall_gain(evidence: Evidence) -> float:
    """The same gain over the recall probes of the reward half; 0 where there is none."""
    return _gain(evidence.measured.asked_in_practice.recall, evidence)


def gain_on_knowledge(evidence: Evidence) -> float:
    """The gain in [-1, 1] on all knowledge probes of both halves, for a candidate that neither half has chosen.

    An answer is right where it contains the reference: the judge, which a text may flatter, has no say, as at the gate.
    Raises ValueError where none was measured.
    """
    if not evidence.measured.knowledge:
        raise ValueError("no knowledge probe was measured")
    return _gain(evidence.measured.knowledge, evidence, by_words=True)


def forgetting(evidence: Evidence) -> float:
    """The loss of forced retention, in [0, 1], never negative."""
    return max(0.0, evidence.before.retention.forced - evidence.after.retention.forced)


def _gain(probes: ProbeSet, evidence: Evidence, by_words: bool = False) -> float:
    if not probes:
        return 0.0
    before, after = evidence.before.by_probe, evidence.after.by_probe
    accuracy = sum(_step(p, before[p.id], after[p.id], by_words) for p in probes) / len(probes)
    strayed = sum(_stray(p, after[p.id], probes) - _stray(p, before[p.id], probes) for p in probes) / len(probes)
    likelihood = sum(math.exp(after[p.id].logprob) - math.exp(before[p.id].logprob) for p in probes) / len(probes)
    return (accuracy - strayed + likelihood) / 2


def _step(probe: Probe, before: Score, after: Score, by_words: bool) -> int:
    """The gain in rightness."""
    if by_words and not probe.is_choice:
        return contains(after.answer, probe.answer) - contains(before.answer, probe.answer)
    right = grade_alike(probe, {"before": before, "after": after})
    return right["after"] - right["before"]


def _stray(probe: Probe, score: Score, probes: ProbeSet) -> float:
    """The share of the other probes that this answer would be right for, too.

    Whoever says the same to everything, or all that the document tells, gains nothing by it. What stands in the
    probe's own reference does not count, nor does a choice between given answers.
    """
    others = [p for p in probes if not p.is_choice and not contains(probe.answer, p.answer)]
    if probe.is_choice or not others:
        return 0.0
    return sum(contains(score.answer, p.answer) for p in others) / len(others)
