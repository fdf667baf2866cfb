"""The gate: does the candidate know what the base did not, and was nothing lost? Too few probes decide nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from agent.config.sections import GateConfig
from agent.records import GateDecision, ProbeSet, Verdict
from agent.text.normal import wording
from evals.evidence import Evidence, Measured
from evals.probes.matching import contains
from evals.statistics.luck import LEARNED, Matrix, Tried, chance_of_deals, chance_of_guesses

LEAST_GAIN = 2
"""One right answer is luck, however many facts it may be taken from, where no gap that is filled bears it out."""
MANY = 4
"""From so many held-out questions on, only their own answers are dealt out."""
NO_GAPS = Tried(np.zeros(0), np.zeros(0), np.zeros(0))


def decide(evidence: Evidence, limits: GateConfig) -> GateDecision:
    """A held-out question more must be answered right than before, by an answer that is not given to others, too, and
    with the gaps that are filled rightly more than two kinds of luck explain.

    The hits, net of the base's, are held against an adapter that speaks in the document's words but does not know which
    fact answers what: the right answers are dealt out anew to the given ones, and a deal is as good where it hits as
    often (permutation test, Fisher 1935, sec. 21). Of less than MANY questions, the document's other facts are dealt
    out with them. And against one that knows what kind of fact is asked for (a number, a name, or words), and
    names any of the document's facts of that kind, or several: a hit weighs the more, the likelier it tells such an
    adapter from one that learned the document (likelihood ratio, Neyman and Pearson 1933). Both fill a gap by a guess
    among its answer and its distractors. The larger of the two p-values counts; without the gaps twice as much.

    A gap asks in the document's own words, so gaps alone prove nothing (`ProbeSet.recall`). Where even right answers
    to all that the base missed could be guesses, a gain decides nothing.

    Answers are compared by their words alone (`contains`): the judge, which a text may flatter, has no say here.
    """
    answers = _Answers.of(evidence.measured, evidence.before, evidence.after)
    n, right_before, right_after = len(answers.held), np.trace(answers.before), np.trace(answers.after)
    p_value = answers.luck()
    retained_before, retained_after = evidence.before.retention.routed, evidence.after.retention.routed
    lost = retained_before - retained_after
    verdict: Verdict
    if lost > limits.max_retention_loss:
        verdict, reason = "reject", f"retention fell by {lost:.1%}, more than {limits.max_retention_loss:.1%}"
    elif n < limits.min_probes:
        verdict, reason = "undecided", f"{n} held-out questions of the {limits.min_probes} that are needed"
    else:
        verdict, reason = "publish" if p_value <= limits.alpha else "reject", answers.told(p_value)
        if right_after > right_before and answers.at_best().luck() > limits.alpha:
            verdict, reason = "undecided", f"{reason}; so few facts of their kinds are known that all may be guessed"
    return GateDecision(
        candidate=evidence.candidate, verdict=verdict, reason=reason, n=n, p_value=p_value,
        accuracy_before=right_before / n if n else 0.0, accuracy_after=right_after / n if n else 0.0,
        retention_before=retained_before, retention_after=retained_after,
    )  # fmt: skip


def publishable(probes: ProbeSet, base: Measured, limits: GateConfig) -> bool:
    """Whether right answers to all that the base misses would be more than luck."""
    return _Answers.of(probes, base, base).at_best().luck() <= limits.alpha


@dataclass(frozen=True)
class _Answers:
    """What was answered to the held-out questions before and after: [questions, facts], 1 where an answer contains a
    fact, the questions' own first. `guess` is each question's chance of being hit by a guess, `several` that of as many
    guesses as its answer names facts."""

    held: ProbeSet
    before: Matrix
    after: Matrix
    guess: Matrix
    several: Matrix
    gaps: Tried

    @classmethod
    def of(cls, probes: ProbeSet, before: Measured, after: Measured) -> Self:
        held = probes.held_out
        facts = _facts(held)
        base, own = (_hits(subject, held, facts) for subject in (before, after))
        guess = np.array([1 / (1 + len(probe.alike)) for probe in held])
        several = np.minimum(1, _named(own, held, facts) * guess)
        return cls(held, base, own, guess, several, _filled(probes.held_out_recall, before, after))

    def at_best(self) -> Self:
        """If everything were right."""
        filled = replace(self.gaps, after=np.ones(len(self.gaps)))
        return replace(self, after=np.eye(*self.before.shape), several=self.guess, gaps=filled)

    def luck(self) -> float:
        """The p-value with the gaps; where it is less, that of the questions alone, doubled since it is a second look:
        where there are many of them, a gap that is lost by chance must not decide."""
        return min(self._luck(self.gaps), 2 * self._luck(NO_GAPS), 1.0)

    def _luck(self, gaps: Tried) -> float:
        """The larger of the two p-values; 1 where too little is gained to ask."""
        n, net = len(self.held), self.after - self.before
        gain = _gain_in_place(net[:, :n], self.guess)
        if gain <= 0 or gain + gaps.gain <= LEAST_GAIN - 1:
            return 1.0
        dealt = chance_of_deals(net[:, :n] if n >= MANY else net, gaps)
        asked = Tried(self.several, np.diagonal(self.before), np.diagonal(self.after))
        return max(dealt, chance_of_guesses(asked + gaps))

    def told(self, p: float) -> str:
        n, given, gaps = len(self.held), len(self.held.given), self.gaps
        right = f"{np.trace(self.before):.0f} of {n} held-out questions right before, {np.trace(self.after):.0f} after"
        filled = f"; {gaps.before.sum():.0f} of {len(gaps)} gaps before, {gaps.after.sum():.0f} after" if gaps else ""
        luck = f"p = {p:.3f}" if p >= 0.001 else "p < 0.001"
        return f"{right}{filled} ({luck}; came with the document {given}, made by seal {n - given})"


def _filled(gaps: ProbeSet, before: Measured, after: Measured) -> Tried:
    """Each gap is filled by the likeliest of its answer and its distractors."""
    guess = [1 / (1 + len(probe.distractors)) for probe in gaps]
    base, own = ([subject.by_probe[probe.id].correct for probe in gaps] for subject in (before, after))
    return Tried(*(np.array(column, dtype=np.float64) for column in (guess, base, own)))


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
