"""Runs that were cut off: which ones, and what they left."""

from __future__ import annotations

from collections.abc import Sequence

from agent.ports import Ledger
from agent.records import Run, RunKind
from agent.redact import without_credentials


def unfinished(ledger: Ledger, besides: str = "", base: str = "") -> dict[str, str]:
    """Documents that a run read and did not get to the end of, with that run's name.

    `besides` leaves one run out, `base` all those with another base.
    """
    found: dict[str, str] = {}
    for run in _runs(ledger, base, "ingest", "ingest --again"):
        if run.status != "done" and run.id != besides:
            done = ledger.outcomes(run.id)
            found |= {d.id: run.id for d in ledger.documents(run.id) if d.id not in done}
    return found


def cut_off(ledger: Ledger, sources: Sequence[str], base: str, kind: RunKind) -> str | None:
    """The latest run of this kind, of exactly these sources and with this base, that read documents and did not end.

    To be asked when no other run is at work: what the ledger calls running then was killed.
    """
    shown = tuple(without_credentials(source) for source in sources)
    same = [r for r in _runs(ledger, base, kind) if r.sources == shown]
    left = [r.id for r in same if r.status != "done" and ledger.documents(r.id)]
    return left[-1] if left else None


def _runs(ledger: Ledger, base: str, *kinds: RunKind) -> list[Run]:
    """The runs of these kinds with a base, or all."""
    return [r for r in ledger.runs() if r.kind in kinds and (not base or r.was_on(base))]
