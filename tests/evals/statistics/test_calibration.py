"""Predictions held against what was measured, within documents and over all."""

from __future__ import annotations

import pytest

from evals.statistics.calibration import calibration

DOCUMENTS = ["a"] * 4 + ["b"] * 4
MEASURED = [0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9]


def test_the_right_order_within_each_document() -> None:
    found = calibration(DOCUMENTS, MEASURED, MEASURED)
    assert found
    assert found.spearman == pytest.approx(1.0)
    assert found.slope == pytest.approx(1.0)
    assert found.error == 0.0
    assert found.p_value < 0.01


def test_knowing_only_which_document_is_easy_is_worth_nothing() -> None:
    told = [0.2] * 4 + [0.8] * 4
    assert calibration(DOCUMENTS, told, MEASURED) is None
    worse = calibration(DOCUMENTS, [0.25, 0.2, 0.15, 0.1, 0.9, 0.8, 0.7, 0.6], MEASURED)
    assert worse
    assert worse.spearman < -0.9, "over all documents these would be positive"
    assert worse.slope > 0


@pytest.mark.parametrize("n", [0, 2])
def test_too_few_figures_say_nothing(n: int) -> None:
    assert calibration(DOCUMENTS[:n], MEASURED[:n], MEASURED[:n]) is None
