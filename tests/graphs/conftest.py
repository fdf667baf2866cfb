"""What all tests of the graphs share."""

from __future__ import annotations

from itertools import count

import pytest


@pytest.fixture(autouse=True)
def run_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs have the same names every time. A name decides which documents, plans and noise are drawn, so that a test
    fails always or never."""
    numbers = count(1)
    for module in ("graphs.runs.life", "graphs.runs.improve"):
        monkeypatch.setattr(f"{module}.new_run", lambda: f"run-{next(numbers)}")
