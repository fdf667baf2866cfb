"""All formats, and how it is told which of them a payload has."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache

from agent.extensions import installed
from agent.ports import Source
from agent.sources.base import FormatSource, Items, load, whole
from agent.sources.files import local_path
from agent.sources.folder import FolderSource
from agent.sources.formats.archive import ArchiveSource
from agent.sources.formats.docx import DocxSource
from agent.sources.formats.epub import EpubSource
from agent.sources.formats.feed import FeedSource
from agent.sources.formats.jsonfeed import JsonFeedSource
from agent.sources.formats.jsonl import JsonlSource
from agent.sources.formats.lines import CodeSource, LinesSource
from agent.sources.formats.mail import MailSource
from agent.sources.formats.markdown import MarkdownSource
from agent.sources.formats.notebook import NotebookSource
from agent.sources.formats.odf import OdfSource
from agent.sources.formats.pdf import PdfSource
from agent.sources.formats.plain import TextSource
from agent.sources.formats.pptx import PptxSource
from agent.sources.formats.refused import RefusedSource, is_data
from agent.sources.formats.rtf import RtfSource
from agent.sources.formats.subtitles import SubtitleSource
from agent.sources.formats.table import TableSource
from agent.sources.formats.webpage import WebPageSource
from agent.sources.formats.xlsx import XlsxSource
from agent.sources.payload import Payload, is_url

FORMATS: tuple[type[FormatSource], ...] = (
    PdfSource, FeedSource, JsonFeedSource, WebPageSource, JsonlSource, MarkdownSource, TextSource, TableSource,
    DocxSource, XlsxSource, PptxSource, OdfSource, EpubSource, MailSource, RtfSource, NotebookSource, SubtitleSource,
    LinesSource, CodeSource,
)  # fmt: skip
_NO_FORMATS: tuple[type[FormatSource], ...] = (ArchiveSource, RefusedSource)
"""What is in a zip file is told by its parts; other things are refused with advice."""
GROUP = "seal.formats"


@cache
def all_formats() -> tuple[type[FormatSource], ...]:
    """Those that packages outside add, and ours. Theirs are asked first: ours would take much for plain text.

    Raises:
        ConfigError: an installed format cannot be imported, or takes a name that is taken.
    """
    taken = {kind.name for kind in FORMATS}
    return (*installed(GROUP, "source format", "source formats", taken).values(), *FORMATS)


@dataclass(frozen=True)
class _Known:
    """How formats are told: those that know their content, and the one of each media type and file ending."""

    recognizing: tuple[type[FormatSource], ...]
    named: dict[str, type[FormatSource]]


@cache
def _known(kinds: tuple[type[FormatSource], ...]) -> _Known:
    """The first format that claims a name has it."""
    own = FormatSource.recognizes.__func__  # type: ignore[attr-defined]
    recognizing = tuple(kind for kind in kinds if kind.recognizes.__func__ is not own)  # type: ignore[attr-defined]
    return _Known(recognizing, {name: kind for kind in reversed(kinds) for name in (*kind.media_types, *kind.suffixes)})


def format_of(payload: Payload) -> type[FormatSource]:
    """By what the content says of itself, then by the server's word, then by the name; text is the rest."""
    head, known = payload.head, _known((*all_formats(), *_NO_FORMATS))
    told = next((kind for kind in known.recognizing if kind.recognizes(head)), None)
    named = known.named.get(payload.media_type) or known.named.get(payload.suffix) or TextSource
    if told in _NO_FORMATS and named not in (*FORMATS, *_NO_FORMATS):
        return named  # of a package outside, which may know what to do with a zip file
    if told is None and named is TextSource and is_data(head):
        return RefusedSource
    return told or named


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
