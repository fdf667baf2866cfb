"""The reward of a candidate: clipped gain on the reward half, minus penalties for what was forgotten and for length and
repetition."""

from __future__ import annotations

import math
from collections.abc import Sequence

from agent.config.sections import RewardConfig
from agent.records import Probe, Retention, Reward, Score
from evals.probes.matching import contains
from evals.probes.scoring import alike


def reward(
    candidate: str, probes: Sequence[Probe], base: Sequence[Score], own: Sequence[Score],
    base_retention: Retention, own_retention: Retention, weights: RewardConfig, length: float = 0.0,
    repetition: float = 0.0,
) -> Reward:  # fmt: skip
    """Mean of the gain in accuracy and the gain in answer probability, over knowledge probes of the reward half.

    Accuracy is net of what the same answers hit on the other probes (see `_stray`). A held-out probe never counts, and
    a recall probe only where a document has no other. The answer probability of a probe is exp(mean log-probability of
    a token), in [0, 1].
    Raises ValueError where nothing was measured: that is no reward of zero.
    `forgetting` is the loss of forced retention, in [0, 1], never negative; `length` and `repetition` are those of
    the self-edit (see `evals.rewards.form`).
    """
    before, after = _by_probe(base), _by_probe(own)
    usable = [p for p in probes if p.half == "reward" and p.id in before and p.id in after]
    knowledge = [p for p in usable if not p.recall]
    recall = [p for p in usable if p.recall]
    if not usable:
        raise ValueError(f"candidate {candidate} was measured on no probe of the reward half")
    found = _gain(knowledge or recall, before, after)
    forgetting = forgotten(base_retention, own_retention)
    clipped = max(-weights.clip, min(weights.clip, found))
    form = weights.length_weight * length + weights.repetition_weight * repetition
    return Reward(
        candidate=candidate, gain=found, forgetting=forgetting, length=length, repetition=repetition,
        value=clipped - weights.forgetting_weight * forgetting - form, recall_gain=_gain(recall, before, after),
    )  # fmt: skip


def gain(probes: Sequence[Probe], base: Sequence[Score], own: Sequence[Score]) -> float:
    """The gain over the base in [-1, 1] on all knowledge probes, of both halves: for who was not chosen by one of them.

    Right is what contains the reference: the judge, which a text may flatter, has no say, as at the gate.
    Raises ValueError where none was measured.
    """
    before, after = _by_probe(base), _by_probe(own)
    measured = [p for p in probes if not p.recall and p.id in before and p.id in after]
    if not measured:
        raise ValueError("no knowledge probe was measured")
    return _gain(measured, before, after, by_words=True)


def forgotten(base: Retention, own: Retention) -> float:
    """The loss of forced retention, in [0, 1], never negative."""
    return max(0.0, base.forced - own.forced)


def _by_probe(scores: Sequence[Score]) -> dict[str, Score]:
    return {score.probe: score for score in scores}


def _gain(probes: Sequence[Probe], before: dict[str, Score], after: dict[str, Score], by_words: bool = False) -> float:
    if not probes:
        return 0.0
    accuracy = sum(_step(p, before[p.id], after[p.id], by_words) for p in probes) / len(probes)
    strayed = sum(_stray(p, after[p.id], probes) - _stray(p, before[p.id], probes) for p in probes) / len(probes)
    likelihood = sum(math.exp(after[p.id].logprob) - math.exp(before[p.id].logprob) for p in probes) / len(probes)
    return (accuracy - strayed + likelihood) / 2


def _step(probe: Probe, before: Score, after: Score, by_words: bool) -> int:
    """The gain in rightness."""
    if by_words and probe.kind != "cloze":
        return contains(after.answer, probe.answer) - contains(before.answer, probe.answer)
    right = alike(probe, {"before": before, "after": after})
    return right["after"] - right["before"]


def _stray(probe: Probe, score: Score, probes: Sequence[Probe]) -> float:
    """The share of the other probes that this answer would be right for, too.

    Whoever says the same to everything, or all that the document tells, gains nothing by it. What stands in the
    probe's own reference does not count, nor does a choice between given answers.
    """
    others = [p for p in probes if p.kind != "cloze" and not contains(probe.answer, p.answer)]
    if probe.kind == "cloze" or not others:
        return 0.0
    return sum(contains(score.answer, p.answer) for p in others) / len(others)
