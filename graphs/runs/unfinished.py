"""Runs that were cut off, as the ledger tells: which ones, and what they left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.ports.ledger import Ledger
from agent.redact import without_credentials

INGEST, AGAIN = "ingest", "ingest --again"
"""The kinds of runs. The second also learns what no adapter answers for: taken back, or never published."""


def unfinished(ledger: Ledger, besides: str = "", base: str = "") -> dict[str, str]:
    """Documents that a run read and did not get to the end of, with that run's name.

    `besides` leaves one run out, `base` all those with another base.
    """
    found: dict[str, str] = {}
    for run in (r["run"] for r in _runs(ledger, base, INGEST, AGAIN) if r["status"] != "done"):
        if run != besides:
            done = ledger.outcomes(run)
            found |= {d.id: run for d in ledger.documents(run) if d.id not in done}
    return found


def cut_off(ledger: Ledger, sources: Sequence[str], base: str, kind: str = INGEST) -> str | None:
    """The latest run of this kind, of exactly these sources and with this base, that read documents and did not end.

    To be asked when no other run is at work: what the ledger calls running then was killed.
    """
    shown = [without_credentials(source) for source in sources]
    same = [r for r in _runs(ledger, base, kind) if list(r["sources"]) == shown]
    left = [str(r["run"]) for r in same if r["status"] != "done" and ledger.documents(r["run"])]
    return left[-1] if left else None


def _runs(ledger: Ledger, base: str, *kinds: str) -> list[dict[str, Any]]:
    """The ledger's runs of these kinds with a base, or all. A run that was started without a configuration has any."""
    runs = [r for r in ledger.runs() if r["kind"] in kinds]
    return [r for r in runs if not base or r["config"].get("model", {}).get("name", base) == base]
