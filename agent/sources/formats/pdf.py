"""PDF files, by path or web address: the text layer of all pages as one document."""

from __future__ import annotations

import io
import logging
import re
import struct
import zlib
from datetime import datetime
from typing import ClassVar

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

from agent.errors import SourceError
from agent.ports import Failure
from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document, without_heading
from agent.sources.formats.plain import unwrap
from agent.sources.payload import Payload
from agent.text.normal import one_line

# pypdf warns of each small flaw that it gets over; what it cannot get over becomes our error.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

# What pypdf raises on broken files, beside its own errors.
_BROKEN = (
    PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, AssertionError,
    ArithmeticError, NotImplementedError, zlib.error, struct.error, EOFError,
)  # fmt: skip
_HYPHENATED = re.compile(r"(?<=[^\W\d_])[-\u2010]\n([^\W\d_]\S*)[ \t]*\n?")
_NO_TITLE = re.compile(r"untitled|microsoft word|.*\.(?:docx?|pdf|tex|dvi|indd|qxd)$", re.IGNORECASE)


class PdfSource(FormatSource):
    name: ClassVar[str] = "PDF"
    suffixes: ClassVar[frozenset[str]] = frozenset({".pdf"})
    media_types: ClassVar[frozenset[str]] = frozenset({"application/pdf", "application/x-pdf"})

    @classmethod
    def recognizes(cls, head: str) -> bool:
        return head.lstrip().startswith("%PDF-")

    def parse(self, payload: Payload) -> Items:
        reader = _open(payload)
        pages, failures = _pages(reader, payload.location)
        # Pages one after another; words that a line break cut in two are put together on the first line.
        text = unwrap(_HYPHENATED.sub(r"\1\n", "\n".join(page.strip() for page in pages)))
        if not text.strip():
            raise _without_text(payload, failures)
        title, published = _metadata(reader)
        yield make_document(
            title, without_heading(title, text), source=payload.location, name=payload.stem, published=published
        )
        yield from failures


def _open(payload: Payload) -> PdfReader:
    where, again = payload.location, "open it in a viewer and save it again"
    try:
        reader = PdfReader(io.BytesIO(payload.data))
        locked = _locked(reader)
        pages = 0 if locked else len(reader.pages)
    except _BROKEN as error:
        raise SourceError(f"{where} is not a PDF, or is broken: {one_line(str(error))}", again) from error
    if locked:
        raise SourceError(f"{where} is encrypted", "save a copy without a password and give that")
    if not pages:
        raise SourceError(f"{where} has no pages", again)
    return reader


def _locked(reader: PdfReader) -> bool:
    """Many files are encrypted with an empty password, only to forbid printing. Those can be read."""
    try:
        return bool(reader.is_encrypted and not reader.decrypt(""))
    except DependencyError:  # AES without the cryptography package
        return True


def _pages(reader: PdfReader, location: str) -> tuple[list[str], list[Failure]]:
    """The text of each page that can be read, and a failure for each that cannot."""
    texts, failures = [], []
    for number in range(len(reader.pages)):
        try:
            texts.append(reader.pages[number].extract_text())
        except _BROKEN as error:
            reason = one_line(str(error)) or type(error).__name__
            failures.append(Failure(f"{location} page {number + 1}", f"the page cannot be read: {reason}"))
    return texts, failures


def _without_text(payload: Payload, failures: list[Failure]) -> SourceError:
    if failures:
        return SourceError(f"{payload.location} cannot be read: {failures[0].reason}", "save it again from a viewer")
    mend = "run text recognition over it first, e.g. ocrmypdf IN.pdf OUT.pdf"
    return SourceError(f"{payload.location} holds no text, only images or blank pages", mend)


def _metadata(reader: PdfReader) -> tuple[str, str]:
    """Title and date as the file states them, "" where it states none of use."""
    try:
        info = reader.metadata
        title = one_line(str(info.title or "")) if info else ""
        created: datetime | None = info.creation_date if info else None
    except _BROKEN:  # a file with broken metadata still has its text
        return "", ""
    return "" if _NO_TITLE.match(title) else title, created.isoformat() if created else ""
