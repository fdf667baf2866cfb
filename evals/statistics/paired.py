"""Paired differences over documents: is one policy better than another, and by how much?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import ttest_1samp

from agent.records.rounds import Difference


def difference(ours: Sequence[float], theirs: Sequence[float]) -> Difference:
    """The mean of `ours` minus `theirs`, document by document, with Student's 95% interval, and the p-value against
    "not greater". Where all differences are the same, the interval is that number, and p that of the sign test.

    Raises ValueError where the two are not of one length, or are empty.
    """
    paired = np.array(ours, dtype=float) - np.array(theirs, dtype=float)
    if len(ours) != len(theirs) or not len(ours):
        raise ValueError(f"{len(ours)} and {len(theirs)} figures cannot be paired")
    n, mean = len(paired), float(paired.mean())
    if np.ptp(paired) == 0:
        return Difference(n=n, mean=mean, low=mean, high=mean, p_value=0.5**n if mean > 0 else 1.0)
    tested = ttest_1samp(paired, 0.0, alternative="greater")
    low, high = ttest_1samp(paired, 0.0).confidence_interval(0.95)
    return Difference(n=n, mean=mean, low=float(low), high=float(high), p_value=float(tested.pvalue))
