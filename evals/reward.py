"""The reward of a candidate: clipped gain on the reward half, minus a penalty for what was forgotten."""

from __future__ import annotations

import math
from collections.abc import Sequence

from agent.records import Probe, Retention, Reward, Score
from evals.scoring import alike


def reward(
    candidate: str, probes: Sequence[Probe], base: Sequence[Score], own: Sequence[Score],
    base_retention: Retention, own_retention: Retention, clip: float, forgetting_weight: float,
) -> Reward:  # fmt: skip
    """Mean of the gain in accuracy and the gain in answer probability, over knowledge probes of the reward half.

    A held-out probe never counts, and a recall probe only where a document has no other. The answer
    probability of a probe is exp(mean log-probability of a token), in [0, 1].
    Raises ValueError where nothing was measured: that is no reward of zero.
    `forgetting` is the loss of forced retention, in [0, 1], never negative.
    """
    before, after = _by_probe(base), _by_probe(own)
    usable = [p for p in probes if p.half == "reward" and p.id in before and p.id in after]
    knowledge = [p for p in usable if not p.recall]
    recall = [p for p in usable if p.recall]
    if not usable:
        raise ValueError(f"candidate {candidate} was measured on no probe of the reward half")
    gain = _gain(knowledge or recall, before, after)
    forgetting = max(0.0, base_retention.forced - own_retention.forced)
    value = max(-clip, min(clip, gain)) - forgetting_weight * forgetting
    return Reward(
        candidate=candidate, gain=gain, forgetting=forgetting, value=value, recall_gain=_gain(recall, before, after)
    )


def _by_probe(scores: Sequence[Score]) -> dict[str, Score]:
    return {score.probe: score for score in scores}


def _step(probe: Probe, before: Score, after: Score) -> int:
    """The gain in rightness."""
    right = alike(probe, {"before": before, "after": after})
    return right["after"] - right["before"]


def _gain(probes: Sequence[Probe], before: dict[str, Score], after: dict[str, Score]) -> float:
    if not probes:
        return 0.0
    accuracy = sum(_step(p, before[p.id], after[p.id]) for p in probes) / len(probes)
    likelihood = sum(math.exp(after[p.id].logprob) - math.exp(before[p.id].logprob) for p in probes) / len(probes)
    return (accuracy + likelihood) / 2
