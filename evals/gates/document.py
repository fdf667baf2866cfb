"""The gate: does the candidate know what the base did not, and was nothing lost? Too few probes decide nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import permutation_test, poisson_binom

from agent.config.sections import GateConfig
from agent.records import GateDecision, Probe, ProbeSet, Verdict
from evals.evidence import Evidence, Measured
from evals.probes.matching import contains

PERMUTATIONS = 9999
"""All pairings are counted where there are no more than these (7 probes), else so many are drawn, seeded."""


def decide(evidence: Evidence, limits: GateConfig) -> GateDecision:
    """More held-out probes must be answered right than before, and more than two kinds of luck explain.

    The hits, net of the base's, are held against an adapter that speaks in the document's words but does not
    know which fact answers what: references are dealt out anew to the answers, and a deal is as good where it
    hits as often (permutation test, Fisher 1935, sec. 21). And against one that knows what kind of fact is
    asked for, and takes any of the document's facts of that kind: the tail of a Poisson binomial distribution
    over the probes that the base missed. The larger of the two p-values counts.

    Where even right answers to all that the base missed could be such guesses, a gain decides nothing.

    Answers are compared by their words alone (`contains`): the judge, which a text may flatter, has no say here.
    """
    held = evidence.measured.held_out
    n = len(held)
    hits_before, hits_after = (_hits(subject, held) for subject in (evidence.before, evidence.after))
    right_before, right_after = float(np.trace(hits_before)), float(np.trace(hits_after))
    gained, p_value = right_after > right_before, 1.0
    missed = [probe for probe, hit in zip(held, np.diagonal(hits_before), strict=True) if not hit]
    if n > 1 and gained:
        p_value = max(
            _chance_of_deals(hits_after - hits_before), _chance_of_guesses(missed, round(right_after - right_before))
        )
    retained_before, retained_after = evidence.before.retention.routed, evidence.after.retention.routed
    lost = retained_before - retained_after
    verdict: Verdict
    if lost > limits.max_retention_loss:
        verdict, reason = "reject", f"retention fell by {lost:.1%}, more than {limits.max_retention_loss:.1%}"
    elif n < limits.min_probes:
        verdict, reason = "undecided", f"{n} held-out knowledge probes of the {limits.min_probes} that are needed"
    else:
        verdict = "publish" if p_value <= limits.alpha else "reject"
        given = len(held.given)
        origin = f"came with the document {given}, made by seal {n - given}"
        reason = (
            f"{right_before:.0f} of {n} held-out probes right before, {right_after:.0f} after "
            f"(p = {p_value:.3f}; {origin})"
        )
        if gained and _chance_of_guesses(missed, len(missed)) > limits.alpha:
            verdict, reason = "undecided", f"{reason}; so few facts of their kinds are known that all may be guessed"
    return GateDecision(
        candidate=evidence.candidate, verdict=verdict, reason=reason, n=n, p_value=p_value,
        accuracy_before=right_before / n if n else 0.0, accuracy_after=right_after / n if n else 0.0,
        retention_before=retained_before, retention_after=retained_after,
    )  # fmt: skip


def _hits(subject: Measured, held: ProbeSet) -> np.ndarray:
    """[n, n]: 1 where the answer of a row contains the reference of a column."""
    answers = [subject.by_probe[probe.id].answer for probe in held]
    rows = [[float(contains(answer, probe.answer)) for probe in held] for answer in answers]
    return np.array(rows).reshape(len(held), len(held))


def _chance_of_deals(net: np.ndarray) -> float:
    """The share of pairings of answers (rows) with references (columns) that score at least the true pairing."""
    rows = np.arange(len(net))
    found = permutation_test(
        (rows,), lambda columns, axis: net[rows, columns].sum(axis), permutation_type="pairings", alternative="greater",
        n_resamples=PERMUTATIONS, vectorized=True, rng=np.random.default_rng(0),
    )  # fmt: skip
    return float(found.pvalue)


def _chance_of_guesses(missed: Sequence[Probe], hits: int) -> float:
    """The chance of at least so many hits by guessing among facts of the right kind."""
    return float(poisson_binom.sf(hits - 1, [1 / (1 + probe.rivals) for probe in missed]))
