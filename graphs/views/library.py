"""The adapter library: what answers now, and every version before."""

from __future__ import annotations

from collections.abc import Sequence

from agent.ports import Ledger
from agent.records import Adapter, LibraryVersion, Record


class WentBack(Record):
    """A taking back that made no version: from the one that had added the adapter, the library went back to `to`."""

    removed: str
    to: int | None
    reason: str
    at: float


class Library(Record):
    """`current` are the adapters that answer now, `library` every version, `went_back` what made none."""

    current: tuple[Adapter, ...]
    library: tuple[LibraryVersion, ...]
    went_back: tuple[WentBack, ...]


def view_library(ledger: Ledger) -> Library:
    current, versions = ledger.current(), ledger.library()
    return Library(current=tuple(current), library=tuple(versions), went_back=tuple(_backs(ledger, versions)))


def _backs(ledger: Ledger, versions: Sequence[LibraryVersion]) -> list[WentBack]:
    """One for each version that does not stand behind the current one. The adapter's run tells when and why."""
    parents = {v.version: v.parent for v in versions}
    at = next((v.version for v in versions if v.current), None)
    line = set[int]()
    while at is not None:
        line.add(at)
        at = parents[at]
    found = [
        WentBack(removed=str(v.added), to=v.parent, reason=event.message, at=event.at)
        for v in versions
        if v.version not in line and v.candidate
        for event in ledger.events(ledger.candidate(v.candidate).run)
        if event.step == "rollback" and event.subject == v.candidate
    ]
    return sorted(found, key=lambda back: back.at)
