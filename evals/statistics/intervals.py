"""Figures with their 95% intervals. Nothing measured is no figure: None, never zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest, bootstrap, ttest_1samp

from agent.records.measures import Figure

RESAMPLES = 2000
NONE = Figure(value=None, low=None, high=None, n=0)


def share(count: int, n: int) -> Figure:
    """With Wilson's interval (1927)."""
    if not n:
        return NONE
    found = binomtest(count, n).proportion_ci(method="wilson")
    return Figure(value=count / n, low=float(found.low), high=float(found.high), n=n)


def mean(values: Sequence[float]) -> Figure:
    """With Student's interval; where all values are the same, that number."""
    if not values:
        return NONE
    value = low = high = float(np.mean(values))
    if np.ptp(values) > 0:
        low, high = map(float, ttest_1samp(values, 0.0).confidence_interval(0.95))
    return Figure(value=value, low=low, high=high, n=len(values))


def weighted(values: Sequence[float], weights: Sequence[float]) -> Figure:
    """The weighted mean. Its interval draws values again with their weights (percentile bootstrap, Efron 1979)."""
    if not values:
        return NONE
    value = low = high = float(np.average(values, weights=weights))
    if np.ptp(values) > 0:
        drawn = bootstrap(
            (np.multiply(values, weights), np.array(weights)), lambda x, w, axis=-1: x.sum(axis) / w.sum(axis),
            paired=True, vectorized=True, n_resamples=RESAMPLES, method="percentile", rng=np.random.default_rng(0),
        ).confidence_interval  # fmt: skip
        low, high = float(drawn.low), float(drawn.high)
    return Figure(value=value, low=low, high=high, n=len(values))
