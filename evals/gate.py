"""The gate: is the candidate better on held-out probes, and was nothing lost? Too few probes decide nothing."""

from __future__ import annotations

from collections.abc import Sequence

from scipy.stats import wilcoxon

from agent.records import GateDecision, Probe, Retention, Score, Verdict


def decide(
    candidate: str, probes: Sequence[Probe], base: Sequence[Score], own: Sequence[Score],
    base_retention: Retention, own_retention: Retention, alpha: float, min_probes: int, max_retention_loss: float,
) -> GateDecision:  # fmt: skip
    """Both must hold: more held-out probes are answered right than before, and a paired test says better.

    The test is a one-sided Wilcoxon signed-rank test (Wilcoxon 1945) of the paired differences in answer margin.
    The margin is how much likelier the right answer is than other facts of the same document (mean
    log-probability), so an adapter that only learned the form of answers, or mixed facts up, gains nothing.
    Two endpoints that must both hold make a false publication rarer than either alone, hence alpha = 0.1. Only
    held-out probes that are not recall probes count.
    """
    before = {score.probe: score for score in base}
    after = {score.probe: score for score in own}
    held = [p for p in probes if p.half == "heldout" and not p.recall and p.id in before and p.id in after]
    differences = [after[p.id].margin - before[p.id].margin for p in held]
    n = len(held)
    p_value = float(wilcoxon(differences, alternative="greater").pvalue) if any(differences) else 1.0
    accuracy_before = sum(before[p.id].correct for p in held) / n if n else 0.0
    accuracy_after = sum(after[p.id].correct for p in held) / n if n else 0.0
    lost = base_retention.routed - own_retention.routed
    verdict: Verdict
    if lost > max_retention_loss:
        verdict, reason = "reject", f"retention fell by {lost:.1%}, more than {max_retention_loss:.1%}"
    elif n < min_probes:
        verdict, reason = "undecided", f"only {n} held-out probes, {min_probes} are needed"
    elif accuracy_after <= accuracy_before:
        verdict, reason = "reject", f"held-out accuracy went from {accuracy_before:.0%} to {accuracy_after:.0%}"
    elif p_value > alpha:
        verdict, reason = "reject", f"no better on {n} held-out probes (p = {p_value:.3f})"
    else:
        verdict, reason = "publish", f"better on {n} held-out probes (p = {p_value:.3f})"
    return GateDecision(
        candidate=candidate, verdict=verdict, reason=reason, n=n,
        mean_difference=sum(differences) / n if n else 0.0, p_value=p_value,
        accuracy_before=accuracy_before, accuracy_after=accuracy_after,
        retention_before=base_retention.routed, retention_after=own_retention.routed,
    )  # fmt: skip
