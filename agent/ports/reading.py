"""What the loop reads from: sources of documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from agent.records import Document


@dataclass(frozen=True)
class Failure:
    """One item of a source that could not be read, e.g. line 7 of a JSONL file. The rest goes on."""

    where: str
    reason: str


class Source(Protocol):
    """Reads one kind of location.

    Raises:
        SourceError: nothing at all could be read from the location.
    """

    def read(self, location: str) -> Iterator[Document | Failure]: ...
