"""All formats, and how it is told which of them a payload has."""

from __future__ import annotations

import os
from functools import cache

from agent.extensions import installed
from agent.ports import Source
from agent.sources.base import FormatSource, Items, load, whole
from agent.sources.files import local_path
from agent.sources.folder import FolderSource
from agent.sources.formats.feed import FeedSource
from agent.sources.formats.jsonfeed import JsonFeedSource
from agent.sources.formats.jsonl import JsonlSource
from agent.sources.formats.markdown import MarkdownSource
from agent.sources.formats.pdf import PdfSource
from agent.sources.formats.plain import TextSource
from agent.sources.formats.webpage import WebPageSource
from agent.sources.payload import Payload, is_url

FORMATS: tuple[type[FormatSource], ...] = (
    PdfSource, FeedSource, JsonFeedSource, WebPageSource, JsonlSource, MarkdownSource, TextSource,
)  # fmt: skip
GROUP = "seal.formats"


@cache
def all_formats() -> tuple[type[FormatSource], ...]:
    """Those that packages outside add, and ours. Theirs are asked first: ours would take much for plain text.

    Raises:
        ConfigError: an installed format cannot be imported, or takes a name that is taken.
    """
    taken = {kind.name for kind in FORMATS}
    return (*installed(GROUP, "source format", "source formats", taken).values(), *FORMATS)


def format_of(payload: Payload) -> type[FormatSource]:
    """By what the content says of itself, then by the server's word, then by the name; text is the rest."""
    head, suffix, media_type = payload.head, payload.suffix, payload.media_type
    for claims in (
        lambda kind: kind.recognizes(head),
        lambda kind: media_type in kind.media_types,
        lambda kind: suffix in kind.suffixes,
    ):
        for kind in all_formats():
            if claims(kind):
                return kind
    return TextSource


class AnyFormatSource:
    """A file or web address of any format."""

    def __init__(self, timeout: float = 20.0) -> None:
        self.timeout = timeout

    def read(self, location: str) -> Items:
        yield from whole(location, lambda: self._items(location))

    def _items(self, location: str) -> Items:
        payload = load(location, self.timeout)
        yield from format_of(payload)(self.timeout).parse(payload)


def source_for(location: str, timeout: float) -> Source:
    """The source that reads a location: a web address, a folder or a file. Raises SourceError where the location is
    none of them."""
    one = AnyFormatSource(timeout)
    if not is_url(location) and os.path.isdir(local_path(location)):
        return FolderSource(one)
    return one
