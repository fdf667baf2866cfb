"""The figures that stand beside what was published by seal's own questions."""

from __future__ import annotations

from evals.probes.foresight import foretold, in_words


def test_the_figures_are_shares_and_are_told_with_an_interval() -> None:
    found = foretold()
    for part in (found.published, found.others):
        assert 0 <= part.better <= part.of
        assert 0 <= part.right <= 1
    assert found.published.of >= 10, "fewer say nothing"
    assert f"{found.published.better} of {found.published.of} adapters" in in_words()
    assert "%" in in_words()
