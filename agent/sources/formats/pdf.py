"""PDF files, by path or web address: the text layer of all pages as one document.

PDFium (by pypdfium2) reads them, as in Chrome.
"""

from __future__ import annotations

from typing import ClassVar

from agent.errors import SourceError
from agent.ports import Failure
from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document, without_heading
from agent.sources.payload import Payload
from agent.sources.pdf.document import PdfText, read_pdf
from agent.sources.pdf.joins import compose
from agent.sources.pdf.order import lines
from agent.sources.pdf.paragraphs import paragraphs
from agent.sources.pdf.rows import without_running

_RECOGNIZE = "run text recognition over it first, e.g. ocrmypdf IN.pdf OUT.pdf"


class PdfSource(FormatSource):
    name: ClassVar[str] = "PDF"
    suffixes: ClassVar[frozenset[str]] = frozenset({".pdf"})
    media_types: ClassVar[frozenset[str]] = frozenset({"application/pdf", "application/x-pdf"})

    @classmethod
    def recognizes(cls, head: str) -> bool:
        return head.lstrip().startswith("%PDF-")

    def parse(self, payload: Payload) -> Items:
        file = read_pdf(payload)
        pages = [lines(rows) for rows in without_running(file.pages)]
        title, text = compose(list(paragraphs(pages)), file.title)
        if not text.strip():
            raise _without_text(payload.location, file)
        yield make_document(
            title, without_heading(title, text), source=payload.location, name=payload.stem, published=file.published
        )
        yield from _failures(payload.location, file)


def _without_text(location: str, file: PdfText) -> SourceError:
    if file.broken:
        number, reason = next(iter(file.broken.items()))
        return SourceError(f"{location} cannot be read: page {number}: {reason}", "save it again from a viewer")
    return SourceError(f"{location} holds no text, only images or blank pages", _RECOGNIZE)


def _failures(location: str, file: PdfText) -> Items:
    for number, reason in file.broken.items():
        yield Failure(f"{location} page {number}", f"the page cannot be read: {reason}")
    if file.drawn:
        pages = "page" if len(file.drawn) == 1 else "pages"
        where = f"{location} {pages} {', '.join(map(str, file.drawn))}"
        yield Failure(where, f"no text, only images or drawings; {_RECOGNIZE}")
