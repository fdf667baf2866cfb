"""Sources: feeds, web pages, files and folders, read into documents.

`read` is all that the rest of the program uses. A file or page is loaded (`files`, `fetch`), its format is
told (`registry`), a reader of that format makes documents of it (one module a format), and long ones
are cut into parts (`split`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.failures import ends_reading, tried
from agent.ports import Failure
from agent.records import Document
from agent.sources.base import failure, whole
from agent.sources.registry import source_for
from agent.sources.split import split

__all__ = ["read"]


def read(location: str, *, max_words: int, timeout: float = 20.0) -> Iterator[Document | Failure]:
    """The documents of a feed, web page, file or folder, each read when it is asked for.

    Web addresses begin with http:// or https://; everything else is a path. `timeout` is in seconds
    for one web address. A document of more than `max_words` words comes in parts.

    Raises:
        SourceError: nothing at all could be read from the location.
        ValueError: `max_words` is below 1.
    """
    if max_words < 1:
        raise ValueError(f"max_words is {max_words}, below 1")
    for item in whole(location, lambda: source_for(location, timeout).read(location)):
        yield from [item] if isinstance(item, Failure) else _parts(item, max_words)


def _parts(document: Document, max_words: int) -> Sequence[Document | Failure]:
    """Those of a document; a Failure where it cannot be split."""

    def parts() -> Sequence[Document | Failure]:
        return list(split(document, max_words))

    return tried(parts, lambda error: [failure(document.source, error)], document.source, ends_reading)
