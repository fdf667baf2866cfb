"""The gate of policies: who acts from now on, by what each arm came to on the held-out documents of a round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.records import ArmResult, Difference, Word
from evals.statistics.paired import difference

LEAST = 4
"""Held-out documents. Fewer decide nothing."""


def differences(results: Sequence[ArmResult]) -> dict[str, Difference]:
    """Each arm's gains against those of the first one. Empty where no document was tried by all."""
    first, *others = ([trial.gain for trial in result.trials] for result in results)
    arms = [result.arm for result in results[1:]]
    return {arm: difference(found, first) for arm, found in zip(arms, others, strict=True) if found}


def decide(found: Mapping[str, Difference], alpha: float, rewards_rose: bool, promoted: bool) -> tuple[Word, str]:
    """Promote what was learned where its gains on held-out documents are greater than the current policy's.

    Where a policy that was `promoted` is beaten by one that has learned nothing, the one before it acts again. Where
    practice is better rewarded than in the first round (`rewards_rose`) although on held-out documents the policy is no
    better than one that has learned nothing, it pleases the reward and nothing else: the reason raises the alarm.
    """
    learned, blank = found.get("learned"), found.get("untrained")
    if learned is None or blank is None or learned.n < LEAST:
        return "keep", f"undecided: {learned.n if learned else 0} held-out documents of the {LEAST} that are needed"
    if learned.p_value <= alpha:
        return "promote", f"learned {_described(learned)}"
    if promoted and blank.p_value <= alpha:
        return "roll back", f"the current policy is beaten by one that has learned nothing: {_described(blank)}"
    if promoted and rewards_rose and blank.mean >= 0:
        alarm = "ALARM: rewards rose, and an untrained policy is as good on held-out documents"
        return "keep", f"{alarm}: {_described(blank)}"
    return "keep", f"not shown to be better: {_described(learned)}"


def _described(found: Difference) -> str:
    interval = f"95% interval {found.low:+.3f} to {found.high:+.3f}, p = {found.p_value:.3f}"
    return f"{found.mean:+.3f} on {found.n} held-out documents ({interval})"
