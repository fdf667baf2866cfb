"""How good predictions of rewards were, once the rewards were measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import linregress, spearmanr

from agent.records.rounds import Calibration


def calibration(documents: Sequence[str], predicted: Sequence[float], measured: Sequence[float]) -> Calibration | None:
    """Rank correlation within documents, since only there predictions choose, and slope and error over all.

    Within documents: both are taken relative to their document's mean before they are ranked. None where there are
    fewer than three figures or all predictions are the same.
    """
    guess, truth = np.array(predicted, dtype=float), np.array(measured, dtype=float)
    inner_guess, inner_truth = _centre(documents, guess), _centre(documents, truth)
    if len(guess) < 3 or np.ptp(inner_guess) == 0 or np.ptp(inner_truth) == 0:
        return None
    ranked = spearmanr(inner_guess, inner_truth, alternative="greater")
    return Calibration(
        n=len(guess), spearman=float(ranked.statistic), p_value=float(ranked.pvalue),
        slope=float(linregress(guess, truth).slope) if np.ptp(guess) else 0.0,
        error=float(np.abs(guess - truth).mean()),
    )  # fmt: skip


def _centre(documents: Sequence[str], values: np.ndarray) -> np.ndarray:
    """[n]: each value less the mean of its document's."""
    names = np.array(documents)
    return np.array([value - values[names == name].mean() for name, value in zip(documents, values, strict=True)])
