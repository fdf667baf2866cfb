"""How far luck explains right answers: dealt out at random, or guessed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import permutation_test

Matrix = NDArray[np.float64]

PERMUTATIONS = 9999
"""All pairings are counted where there are no more than these (7 facts), else so many are drawn, seeded."""
LEARNED = 0.6
"""How often an adapter that learned its document is right on a parsed probe (29 of 47, docs/log/2026-11.md). It weighs
hits, and bounds nothing."""


@dataclass(frozen=True)
class Tried:
    """Probes, each with the chance that a guess hits it, and 1 where it was hit before and after, else 0. All are
    [n]."""

    guess: Matrix
    before: Matrix
    after: Matrix

    def __len__(self) -> int:
        return len(self.guess)

    @property
    def gain(self) -> float:
        return float((self.after - self.before).sum())

    def __add__(self, other: Tried) -> Tried:
        pairs = ((self.guess, other.guess), (self.before, other.before), (self.after, other.after))
        return Tried(*(np.concatenate(pair) for pair in pairs))


def chance_of_deals(net: Matrix, beside: Tried) -> float:
    """The share of pairings of answers (rows) with facts (columns) that hit at least as often as the true one, where
    the first columns are the rows' own (Fisher 1935, sec. 21). `net` is [n, m] with m >= n: 1 for a hit. Hits `beside`
    them are guesses, and a pairing is as good with so many of these as it lacks."""
    n, m = net.shape
    square = np.vstack([net, np.zeros((m - n, m))])  # facts that go to no answer
    rows = np.arange(m)
    own = float(np.trace(net))
    dealt = np.array([own])
    if m > 1:
        found = permutation_test(
            (rows,), lambda columns, axis: square[rows, columns].sum(axis), permutation_type="pairings",
            alternative="greater", n_resamples=PERMUTATIONS, vectorized=True, rng=np.random.default_rng(0),
        )  # fmt: skip
        drawn = len(found.null_distribution) == PERMUTATIONS  # then the true one is counted as one more
        dealt = np.append(found.null_distribution, dealt) if drawn else found.null_distribution
    guessed = _sums(beside, np.ones(len(beside.guess), dtype=int))
    as_many = np.append(guessed[::-1].cumsum()[::-1], 0.0)  # the chance of so many hits beside, or more
    lacking = np.rint(own + beside.gain - dealt).astype(int)
    return min(1.0, float(as_many[lacking.clip(0, len(guessed))].mean()))


def chance_of_guesses(tried: Tried) -> float:
    """How likely guesses tell as much as the hits after.

    A hit weighs as much as it tells a guess from an answer that is right LEARNED of the time, in hundredths of a nat
    (the likelihood ratio, Neyman and Pearson 1933). What was hit before is no evidence where it is hit again, and tells
    against what came after where it is not.
    """
    odds = np.log(LEARNED / (1 - LEARNED)) + np.log1p(-np.minimum(tried.guess, 1 - 1e-9)) - np.log(tried.guess)
    weights = np.rint(100 * np.maximum(0, odds)).astype(int)
    told = max(0, int((weights * (tried.after - tried.before)).sum()))
    return min(1.0, float(_sums(tried, weights)[told:].sum()))


def _sums(tried: Tried, weights: NDArray[np.int_]) -> Matrix:
    """The chance of each sum of weights that guesses may come to, at what was not hit before."""
    chances = np.ones(1)
    for chance, weight in zip(tried.guess[tried.before == 0], weights[tried.before == 0], strict=True):
        chances = np.pad(chances * (1 - chance), (0, weight)) + np.pad(chances * chance, (weight, 0))
    return chances
