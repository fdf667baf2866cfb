"""The gate: is the candidate better on held-out probes, and was nothing lost? Too few probes decide nothing."""

from __future__ import annotations

from collections.abc import Sequence

from scipy.special import expit
from scipy.stats import wilcoxon

from agent.records import GateDecision, Probe, Retention, Score, Verdict


def decide(
    candidate: str, probes: Sequence[Probe], base: Sequence[Score], own: Sequence[Score],
    base_retention: Retention, own_retention: Retention, alpha: float, min_probes: int, max_retention_loss: float,
) -> GateDecision:  # fmt: skip
    """Both must hold: more held-out probes are answered right than before, and a paired test says better.

    The test is a one-sided Wilcoxon signed-rank test (Wilcoxon 1945) of the paired differences in what a
    probe shows: half whether the answer was right, half how surely the right answer is told from other facts
    of the same document. An adapter that only learned the form of answers, or mixed facts up, gains nothing.
    Probes without distractors have no margin and do not count.
    Recall probes may strengthen the test but never carry it: without `min_probes` knowledge probes the gate is
    undecided, and right answers are counted over knowledge probes alone.
    """
    before = {score.probe: score for score in base}
    after = {score.probe: score for score in own}
    held = [p for p in probes if _counts(p) and p.id in before and p.id in after]
    differences = [_shown(before[p.id], after[p.id]) for p in held]
    knowledge = [p for p in held if not p.recall]
    n = len(held)
    p_value = float(wilcoxon(differences, alternative="greater").pvalue) if any(differences) else 1.0
    accuracy_before, accuracy_after = _accuracies([(before[p.id], after[p.id]) for p in knowledge])
    lost = base_retention.routed - own_retention.routed
    verdict: Verdict
    if lost > max_retention_loss:
        verdict, reason = "reject", f"retention fell by {lost:.1%}, more than {max_retention_loss:.1%}"
    elif len(knowledge) < min_probes:
        verdict, reason = "undecided", f"only {len(knowledge)} held-out knowledge probes, {min_probes} are needed"
    elif accuracy_after <= accuracy_before:
        verdict, reason = "reject", f"held-out accuracy went from {accuracy_before:.0%} to {accuracy_after:.0%}"
    elif not p_value <= alpha:  # also where it is not a number
        verdict, reason = "reject", f"no better on {n} held-out probes (p = {p_value:.3f})"
    else:
        verdict, reason = "publish", f"better on {n} held-out probes (p = {p_value:.3f})"
    return GateDecision(
        candidate=candidate, verdict=verdict, reason=reason, n=n,
        mean_difference=sum(differences) / n if n else 0.0, p_value=p_value,
        accuracy_before=accuracy_before, accuracy_after=accuracy_after,
        retention_before=base_retention.routed, retention_after=own_retention.routed,
    )  # fmt: skip


def _shown(before: Score, after: Score) -> float:
    """The paired difference of one probe, in [-1, 1]. Where the two were compared in other ways, sureness alone."""
    surer = expit(after.margin) - expit(before.margin)
    righter = after.correct - before.correct if after.method == before.method else 0.0
    return float(surer + righter) / 2


def _counts(probe: Probe) -> bool:
    return probe.half == "heldout" and bool(probe.distractors)


def _accuracies(pairs: Sequence[tuple[Score, Score]]) -> tuple[float, float]:
    """Shares of right answers before and after, over pairs that were compared in the same way.

    An answer that the judge failed on was compared otherwise; it is left out, never counted as wrong.
    """
    alike = [(one, other) for one, other in pairs if one.method == other.method]
    if not alike:
        return 0.0, 0.0
    return sum(one.correct for one, _ in alike) / len(alike), sum(other.correct for _, other in alike) / len(alike)
