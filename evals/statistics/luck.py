"""How far luck explains right answers: dealt out at random, or guessed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import permutation_test

Matrix = NDArray[np.float64]

PERMUTATIONS = 9999
"""All pairings are counted where there are no more than these (7 facts), else so many are drawn, seeded."""
LEARNED = 0.6
"""How often an adapter that learned its document is right on a parsed probe (29 of 47, docs/log/2026-11.md). It weighs
hits, and bounds nothing."""


def chance_of_deals(net: Matrix) -> float:
    """The share of pairings of answers (rows) with facts (columns) that hit at least as often as the true one, where
    the first columns are the rows' own (Fisher 1935, sec. 21). `net` is [n, m] with m >= n: 1 for a hit."""
    n, m = net.shape
    if m < 2:
        return 1.0
    square = np.vstack([net, np.zeros((m - n, m))])  # facts that go to no answer
    rows = np.arange(m)
    found = permutation_test(
        (rows,), lambda columns, axis: square[rows, columns].sum(axis), permutation_type="pairings",
        alternative="greater", n_resamples=PERMUTATIONS, vectorized=True, rng=np.random.default_rng(0),
    )  # fmt: skip
    return float(found.pvalue)


def chance_of_guesses(guess: Matrix, before: Matrix, after: Matrix) -> float:
    """How likely guesses tell as much as the hits `after`. All are [n]: the chance of each guess, and 0 or 1.

    A hit weighs as much as it tells a guess from an answer that is right LEARNED of the time, in hundredths of a nat
    (the likelihood ratio, Neyman and Pearson 1933). What was hit before is no evidence where it is hit again, and tells
    against `after` where it is not.
    """
    odds = np.log(LEARNED / (1 - LEARNED)) + np.log1p(-np.minimum(guess, 1 - 1e-9)) - np.log(guess)
    weights = np.rint(100 * np.maximum(0, odds)).astype(int)
    told = max(0, int((weights * (after - before)).sum()))
    chances = np.ones(1)  # of each sum of weights that guesses may come to
    for chance, weight in zip(guess[before == 0], weights[before == 0], strict=True):
        chances = np.pad(chances * (1 - chance), (0, weight)) + np.pad(chances * chance, (weight, 0))
    return min(1.0, float(chances[told:].sum()))
