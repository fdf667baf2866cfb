"""PDF files opened with PDFium: their pages as rows, what cannot be read, and what they state of themselves.

PDFium may be used by one thread at a time, so all of a file is read under one lock, and closed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from threading import Lock

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from agent.errors import SourceError
from agent.sources.payload import Payload
from agent.sources.pdf.rows import Row, rows
from agent.sources.pdf.runs import runs
from agent.text.normal import one_line

_ONE_AT_A_TIME = Lock()
_LOCKED = (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
_AGAIN = "open it in a viewer and save it again"
_LONGEST_TITLE = 1000  # characters
_NO_TITLE = re.compile(
    r"\W*(?:untitled(?: document)?|unnamed|anonymous|unspecified|no title|title|document|(?:powerpoint )?presentation"
    r"|slide|layout|scan|doc)\W*\d*\W*"
    r"|microsoft (?:word|powerpoint|excel)(?: - .*)?|(?:word pro - |https?:|file:|[a-z]:\\|/).*"
    r"|.*\.(?:docx?|pptx?|xlsx?|pdf|tex|dvi|ps|indd|qxd|rtf|odt|html?|txt|jpe?g|png|tiff?)"
    r"|[\w.-]*_[\w.-]*|[\W\d_]*",
    re.IGNORECASE,
)
_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)|([+-])(\d\d)'?(\d\d)?)?")


@dataclass(slots=True)
class PdfText:
    title: str
    published: str
    pages: list[list[Row]] = field(default_factory=list)
    drawn: list[int] = field(default_factory=list)
    """Numbers of pages that show something but hold no text, from 1."""
    broken: dict[int, str] = field(default_factory=dict)
    """Why a page cannot be read, by its number."""


def read_pdf(payload: Payload) -> PdfText:
    """Raises SourceError where the file is broken, has no pages, or is locked with a password."""
    with _ONE_AT_A_TIME, _opened(payload) as file:
        found = PdfText(_title(file), _published(file))
        for number in range(1, len(file) + 1):
            try:
                with closing(file[number - 1]) as page:
                    placed = rows(runs(page))
                    if not placed and raw.FPDFPage_CountObjects(page) > 0:
                        found.drawn.append(number)
                    found.pages.append(placed)
            except pdfium.PdfiumError as error:
                found.broken[number] = one_line(str(error))
    return found


@contextmanager
def _opened(payload: Payload) -> Iterator[pdfium.PdfDocument]:
    """Many files are encrypted with an empty password, only to forbid printing. PDFium opens those by itself."""
    where = payload.location
    try:
        file = pdfium.PdfDocument(payload.data)
    except pdfium.PdfiumError as error:
        if error.err_code in _LOCKED:
            raise SourceError(f"{where} is encrypted", "save a copy without a password and give that") from error
        raise SourceError(f"{where} is not a PDF, or is broken: {one_line(str(error))}", _AGAIN) from error
    with closing(file):
        if not len(file):
            raise SourceError(f"{where} has no pages", _AGAIN)
        yield file


def _title(file: pdfium.PdfDocument) -> str:
    """The title that the file states, "" where it is only the name of a file or a program."""
    title = one_line(_stated(file, "Title")[:_LONGEST_TITLE])
    return "" if _NO_TITLE.fullmatch(title) else title


def _published(file: pdfium.PdfDocument) -> str:
    """The date that the file states, "" where it states none."""
    match = _DATE.match(_stated(file, "CreationDate").strip())
    if not match:
        return ""
    year, month, day, hour, minute, second = (
        int(part or least) for part, least in zip(match.groups(), (1, 1, 1, 0, 0, 0), strict=False)
    )
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=_zone(match)).isoformat()
    except ValueError:  # there is no such day
        return ""


def _zone(match: re.Match[str]) -> timezone | None:
    if match[7]:
        return UTC
    if not match[8]:
        return None
    offset = timedelta(hours=int(match[9]), minutes=int(match[10] or 0))
    return timezone(-offset if match[8] == "-" else offset)


def _stated(file: pdfium.PdfDocument, key: str) -> str:
    try:
        return str(file.get_metadata_value(key))
    except (pdfium.PdfiumError, UnicodeError):  # a file with broken metadata still has its text
        return ""
