"""Chances by brute force over all outcomes are what the shorter ways come to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, permutation_test

from evals.statistics.luck import LEARNED, PERMUTATIONS, Matrix, Tried, chance_of_deals, chance_of_guesses

CHANCES = st.lists(st.sampled_from((0.05, 0.1, 0.25, 0.5, 1.0)), min_size=1, max_size=7)


NOTHING = Tried(np.zeros(0), np.zeros(0), np.zeros(0))


def guessed(chances: Matrix, hits: Sequence[float], before: Sequence[float] | None = None) -> float:
    known = np.zeros(len(chances)) if before is None else np.array(before)
    return chance_of_guesses(Tried(chances, known, np.array(hits)))


def weight(chance: float) -> int:
    odds = LEARNED * (1 - chance) / ((1 - LEARNED) * chance)
    return round(100 * float(np.log(odds))) if odds > 1 else 0


@settings(deadline=None)
@given(CHANCES, st.data())
def test_every_outcome_of_guesses_is_counted(chances: list[float], data: st.DataObject) -> None:
    hits = data.draw(st.lists(st.sampled_from((0.0, 1.0)), min_size=len(chances), max_size=len(chances)))
    told = sum(weight(c) for c, hit in zip(chances, hits, strict=True) if hit)
    expected = 0.0
    for outcome in product((True, False), repeat=len(chances)):
        if sum(weight(c) for c, hit in zip(chances, outcome, strict=True) if hit) >= told:
            expected += float(np.prod([c if hit else 1 - c for c, hit in zip(chances, outcome, strict=True)]))
    found = guessed(np.array(chances), hits)
    assert found == pytest.approx(expected)


def test_of_equal_chances_it_is_the_binomial_tail() -> None:
    found = guessed(np.full(6, 0.05), [1, 1, 1, 0, 0, 0])
    assert found == pytest.approx(binom.sf(2, 6, 0.05))


def test_a_hit_that_is_hard_to_guess_tells_more() -> None:
    chances = np.array([0.5, 0.5, 0.05, 0.05])
    easy, hard = (guessed(chances, hits) for hits in ([1, 1, 0, 0], [0, 0, 1, 1]))
    assert hard < 0.01 < easy


def test_what_is_lost_tells_against_it() -> None:
    chances, before = np.full(4, 0.1), [1, 0, 0, 0]
    kept, lost = (guessed(chances, hits, before) for hits in ([1, 1, 1, 0], [0, 1, 1, 0]))
    assert kept == pytest.approx(binom.sf(1, 3, 0.1))
    assert lost == pytest.approx(binom.sf(0, 3, 0.1))


def test_facts_that_nothing_asks_for_make_a_lucky_deal_rarer() -> None:
    """Exact, since four facts have 24 pairings."""
    hits = np.eye(2, 4)
    best = sum(deal[:2] == (0, 1) for deal in permutations(range(4)))
    assert chance_of_deals(hits, NOTHING) == pytest.approx(best / 24)
    assert chance_of_deals(np.eye(2), NOTHING) == 0.5
    assert chance_of_deals(np.ones((1, 1)), NOTHING) == 1.0


def test_a_deal_that_hits_less_needs_more_lucky_guesses_beside() -> None:
    """Three deals of one answer and two gaps with two choices each, one of them known before: six equal outcomes, of
    which one has both the answer and the gap."""
    beside = Tried(np.array([0.5, 0.5]), np.array([0.0, 1.0]), np.array([1.0, 1.0]))
    assert chance_of_deals(np.eye(1, 3), beside) == pytest.approx(1 / 6)
    lost = Tried(beside.guess, beside.before, np.array([1.0, 0.0]))
    assert chance_of_deals(np.eye(1, 3), lost) == pytest.approx(4 / 6), "as many as the answer or the gap alone"


@pytest.mark.parametrize("n", [3, 8])
def test_deals_alone_are_those_of_scipy(n: int) -> None:
    """Of eight facts not every pairing is counted, and the true one is one of those that are."""
    net = np.eye(n)
    net[-1, -1] = 0
    found = permutation_test(
        (np.arange(n),), lambda columns: net[np.arange(n), columns].sum(), permutation_type="pairings",
        alternative="greater", n_resamples=PERMUTATIONS, rng=np.random.default_rng(0), vectorized=False,
    )  # fmt: skip
    assert chance_of_deals(net, NOTHING) == pytest.approx(found.pvalue)
