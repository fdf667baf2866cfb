"""Runs as people list them."""

from __future__ import annotations

from agent.ports import Ledger
from agent.records import Run


def latest_runs(ledger: Ledger) -> list[Run]:
    """All runs that a person began, first the one that is going on or was at work last: one that was taken up again is
    later than its start."""
    return sorted(
        (r for r in ledger.runs() if r.kind not in ("practice", "held-out")), key=lambda r: r.began_at, reverse=True
    )
