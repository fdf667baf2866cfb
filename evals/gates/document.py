"""The gate: does the candidate know what the base did not, and was nothing lost? Too few probes decide nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent.config.sections import GateConfig
from agent.records import GateDecision, ProbeSet, Verdict
from agent.text.normal import wording
from evals.evidence import Evidence, Measured
from evals.probes.matching import contains
from evals.statistics.luck import LEARNED, Matrix, chance_of_deals, chance_of_guesses

LEAST_GAIN = 2
"""One right answer is luck, however many facts it may be taken from."""
MANY = 4
"""From so many held-out probes on, only their own answers are dealt out."""


def decide(evidence: Evidence, limits: GateConfig) -> GateDecision:
    """Two held-out probes more must be answered right than before, by answers that differ, and more than two kinds of
    luck explain.

    The hits, net of the base's, are held against an adapter that speaks in the document's words but does not know which
    fact answers what: the right answers are dealt out anew to the given ones, and a deal is as good where it hits as
    often (permutation test, Fisher 1935, sec. 21). Of less than MANY probes, the document's other facts are dealt out
    with them. And against one that knows what kind of fact is asked for (a number, a name, or words), and
    names any of the document's facts of that kind, or several: a hit weighs the more, the likelier it tells such an
    adapter from one that learned the document (likelihood ratio, Neyman and Pearson 1933). The larger of the two
    p-values counts.

    Where even right answers to all that the base missed could be such guesses, a gain decides nothing.

    Answers are compared by their words alone (`contains`): the judge, which a text may flatter, has no say here.
    """
    held = evidence.measured.held_out
    n, facts = len(held), _facts(held)
    before, after = (_hits(subject, held, facts) for subject in (evidence.before, evidence.after))
    net = after - before
    right_before, right_after = float(np.trace(before)), float(np.trace(after))
    gain, p_value = right_after - right_before, 1.0
    guess = np.array([1 / (1 + len(probe.alike)) for probe in held])
    base, own = np.diagonal(before), np.diagonal(after)
    if _gain_in_place(net[:, :n], guess) > LEAST_GAIN - 1:
        guessed = chance_of_guesses(np.minimum(1, _named(after, held, facts) * guess), base, own)
        p_value = max(chance_of_deals(net[:, :n] if n >= MANY else net), guessed)
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
        luck = f"p = {p_value:.3f}" if p_value >= 0.001 else "p < 0.001"
        reason = f"{right_before:.0f} of {n} held-out probes right before, {right_after:.0f} after ({luck}; {origin})"
        if gain > 0 and chance_of_guesses(guess, base, np.ones(n)) > limits.alpha:
            verdict, reason = "undecided", f"{reason}; so few facts of their kinds are known that all may be guessed"
    return GateDecision(
        candidate=evidence.candidate, verdict=verdict, reason=reason, n=n, p_value=p_value,
        accuracy_before=right_before / n if n else 0.0, accuracy_after=right_after / n if n else 0.0,
        retention_before=retained_before, retention_after=retained_after,
    )  # fmt: skip


def _facts(held: ProbeSet) -> list[str]:
    """What can be said: the answer to each probe, in their order, then the document's other facts."""
    own = [probe.least for probe in held]
    others = {wording(fact): fact for probe in held for fact in probe.alike}
    return [*own, *(fact for told, fact in others.items() if told not in {wording(answer) for answer in own})]


def _gain_in_place(net: Matrix, guess: Matrix) -> float:
    """The hits gained on probes that could not all be guessed, less what the same answers hit on other probes in the
    mean: who says the same to everything gains nothing."""
    n = len(net)
    hits = float(np.diagonal(net)[guess < LEARNED].sum())
    return hits - float(net.sum() - np.trace(net)) / (n - 1) if n > 1 else hits


def _hits(subject: Measured, held: ProbeSet, facts: Sequence[str]) -> Matrix:
    """[probes, facts]: 1 where the answer of a row contains the fact of a column."""
    answers = [subject.by_probe[probe.id].answer for probe in held]
    rows = [[float(contains(answer, fact)) for fact in facts] for answer in answers]
    return np.array(rows, dtype=np.float64).reshape(len(held), len(facts))


def _named(hits: Matrix, held: ProbeSet, facts: Sequence[str]) -> Matrix:
    """[probes]: how many facts each answer names, at least one; those that stand in the right answer are one."""
    apart = np.array([[not contains(probe.answer, fact) for fact in facts] for probe in held], dtype=bool)
    found: Matrix = np.maximum(1, np.diagonal(hits) + (hits * apart.reshape(hits.shape)).sum(axis=1))
    return found
