"""The gate: does the candidate know what the base did not, and was nothing lost? Too few probes decide nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import permutation_test

from agent.records import GateDecision, Probe, Retention, Score, Verdict
from evals.matching import contains

PERMUTATIONS = 9999
"""All pairings are counted where there are no more than these (7 probes), else so many are drawn, seeded."""


def decide(
    candidate: str, probes: Sequence[Probe], base: Sequence[Score], own: Sequence[Score],
    base_retention: Retention, own_retention: Retention, alpha: float, min_probes: int, max_retention_loss: float,
) -> GateDecision:  # fmt: skip
    """Both must hold: more held-out probes are answered right than before, and not by luck of the draw.

    The test is an exact permutation test (Fisher 1935, sec. 21) of which answer goes with which question.
    An adapter that learned to speak in the document's words, but not which fact answers what, is as likely
    to hit any other probe's reference as its own; so references are dealt out anew to the answers, and the
    p-value is the share of deals with at least as many hits, net of the base's hits, as the true one.
    A document's own facts in the wrong places are thereby the null hypothesis itself.

    Recall probes do not count. Answers are compared by their words alone (`contains`): the judge, which a text
    may flatter, has no say here. Probes that base or candidate has no score for are left out.
    """
    before = {score.probe: score.answer for score in base}
    after = {score.probe: score.answer for score in own}
    held = [p for p in probes if p.half == "heldout" and not p.recall and p.id in before and p.id in after]
    n = len(held)
    hits_before, hits_after = (_hits([told[p.id] for p in held], held) for told in (before, after))
    right_before, right_after = float(np.trace(hits_before)), float(np.trace(hits_after))
    p_value = _chance(hits_after - hits_before) if n > 1 and right_after > right_before else 1.0
    lost = base_retention.routed - own_retention.routed
    verdict: Verdict
    if lost > max_retention_loss:
        verdict, reason = "reject", f"retention fell by {lost:.1%}, more than {max_retention_loss:.1%}"
    elif n < min_probes:
        verdict, reason = "undecided", f"only {n} held-out knowledge probes, {min_probes} are needed"
    else:
        verdict = "publish" if p_value <= alpha else "reject"
        reason = f"{right_before:.0f} of {n} held-out probes right before, {right_after:.0f} after (p = {p_value:.3f})"
    return GateDecision(
        candidate=candidate, verdict=verdict, reason=reason, n=n, p_value=p_value,
        accuracy_before=right_before / n if n else 0.0, accuracy_after=right_after / n if n else 0.0,
        retention_before=base_retention.routed, retention_after=own_retention.routed,
    )  # fmt: skip


def _hits(answers: Sequence[str], held: Sequence[Probe]) -> np.ndarray:
    """[n, n]: 1 where the answer of a row contains the reference of a column."""
    rows = [[float(contains(answer, probe.answer)) for probe in held] for answer in answers]
    return np.array(rows).reshape(len(held), len(held))


def _chance(net: np.ndarray) -> float:
    """The share of pairings of answers (rows) with references (columns) that score at least the true pairing."""
    rows = np.arange(len(net))
    found = permutation_test(
        (rows,), lambda columns, axis: net[rows, columns].sum(axis), permutation_type="pairings", alternative="greater",
        n_resamples=PERMUTATIONS, vectorized=True, rng=np.random.default_rng(0),
    )  # fmt: skip
    return float(found.pvalue)
