"""The state of the ingest graph."""

from __future__ import annotations

from typing import TypedDict


class IngestState(TypedDict, total=False):
    run: str
    sources: list[str]
    queue: list[str]
    """Ids of the documents that are still to do."""
    document: str
    """The one in hand; "" where the queue is empty."""
