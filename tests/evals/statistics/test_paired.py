"""Paired differences, held against figures worked out by hand and by another test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel

from evals.statistics.paired import difference


def test_it_is_students_paired_test() -> None:
    rng = np.random.default_rng(3)
    theirs = rng.normal(0.3, 0.2, 15)
    ours = theirs + rng.normal(0.1, 0.1, 15)
    found, known = difference(ours.tolist(), theirs.tolist()), ttest_rel(ours, theirs, alternative="greater")
    assert found.n == 15
    assert found.p_value == pytest.approx(known.pvalue)
    assert found.low < found.mean < found.high
    assert found.mean == pytest.approx(float((ours - theirs).mean()))


def test_by_hand() -> None:
    found = difference([1.0, 2.0, 3.0], [0.0, 0.0, 0.0])
    # mean 2, standard error 1 / sqrt(3), t quantile 4.303 with two degrees of freedom
    assert found.mean == 2.0
    assert found.high == pytest.approx(2 + 4.3027 / 3**0.5, abs=1e-3)


@pytest.mark.parametrize(("gap", "p"), [(0.25, 1 / 16), (0.0, 1.0), (-0.25, 1.0)])
def test_differences_that_are_all_the_same_are_counted_by_their_sign(gap: float, p: float) -> None:
    found = difference([0.5 + gap] * 4, [0.5] * 4)
    assert (found.mean, found.low, found.high, found.p_value) == (gap, gap, gap, p)


@pytest.mark.parametrize(("ours", "theirs"), [([], []), ([1.0], [1.0, 2.0])])
def test_what_cannot_be_paired_is_refused(ours: list[float], theirs: list[float]) -> None:
    with pytest.raises(ValueError, match="cannot be paired"):
        difference(ours, theirs)
