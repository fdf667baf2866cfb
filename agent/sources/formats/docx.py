"""Word files (DOCX), opened by python-docx; the text is taken from the XML of its body.

python-docx's own `paragraph.text` leaves out both words of a tracked change, and text in content controls and text
boxes; it, mammoth and markitdown make 106 of 10 and a raised 6. So the body is walked here: insertions stand, deletions
and hidden words do not, raised digits stay raised, notes come last, a table has one line a row.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, ClassVar

from lxml import etree  # type: ignore[import-untyped]

from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document, without_heading
from agent.sources.formats.container import checked, opening
from agent.sources.formats.properties import stated
from agent.sources.formats.table import table_row
from agent.sources.payload import Payload
from agent.sources.raised import raised
from agent.text.normal import block, count_words, normalize, one_line

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_GONE = frozenset({
    *(f"{_W}{tag}" for tag in ("del", "moveFrom", "delText", "instrText", "pPr", "rPr", "sectPr", "rt", "sdtPr")),
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
    "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}positionH",
    "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}positionV",
})  # fmt: skip
_SIGNS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_OFF = frozenset({"0", "false", "off", "none"})
_CODE_STYLES = ("code", "source", "html preformatted", "listing", "verbatim", "macro")
_TITLE_STYLES = ("title", "heading 1")
_CELL_WORDS = 60  # a cell of more words is no entry of a row: the table only sets columns of text


class DocxSource(FormatSource):
    name: ClassVar[str] = "Word"
    suffixes: ClassVar[frozenset[str]] = frozenset({".docx", ".docm", ".dotx"})
    media_types: ClassVar[frozenset[str]] = frozenset(
        {"application/vnd.openxmlformats-officedocument.wordprocessingml.document"}
    )

    def parse(self, payload: Payload) -> Items:
        import docx

        checked(payload, "Word file")
        with opening(payload, "Word file"):
            document = docx.Document(io.BytesIO(payload.data))
            styles = {style.style_id: (style.name or "").lower() for style in document.styles}
            body = list(_paragraphs(document.element.body, styles))
            notes = [said for root in _notes(document.part) for said in _paragraphs(root, styles)]
            title, published = stated(document.core_properties)
        title = title or _titled(body)
        text = without_heading(title, "\n\n".join(_joined((*body, *notes))))
        yield make_document(title, text or title, source=payload.location, name=payload.stem, published=published)


@dataclass(frozen=True)
class _Said:
    """One paragraph or row, and the name of its style."""

    text: str
    style: str = ""

    @property
    def is_code(self) -> bool:
        return self.style.startswith(_CODE_STYLES)


def _titled(body: Iterable[_Said]) -> str:
    """The first paragraph that is set as the title, else as a heading of the first level."""
    for style in _TITLE_STYLES:
        for said in body:
            if said.style == style and said.text.strip():
                return one_line(said.text)
    return ""


def _joined(body: Iterable[_Said]) -> Iterator[str]:
    """Paragraphs in one line each; those that are set as code and stand together are one block."""
    for code, group in groupby(body, key=lambda said: said.is_code):
        if code:
            yield block("\n".join(said.text for said in group))
        else:
            yield from (normalize(said.text) for said in group)


def _notes(part: Any) -> Iterator[etree._Element]:
    """Footnotes and endnotes, without the lines that separate them from the text."""
    for kind in ("footnote", "endnote"):
        for relation in part.rels.values():
            if relation.reltype.endswith(f"/{kind}s") and not relation.is_external:
                root = etree.fromstring(relation.target_part.blob, etree.XMLParser(resolve_entities=False))
                yield from (note for note in root if note.get(f"{_W}type", "normal") == "normal")


def _paragraphs(element: etree._Element, styles: Mapping[str, str]) -> Iterator[_Said]:
    """The paragraphs and rows below an element, in order. Where the end of one was deleted, the next goes on."""
    carried = ""
    for child in element:
        if child.tag == f"{_W}p":
            words = _Words(styles)
            words.add(child)
            carried += words.text
            if child.find(f"{_W}pPr/{_W}rPr/{_W}del") is None:
                yield _Said(carried, styles.get(_value(child.find(f"{_W}pPr/{_W}pStyle")), ""))
                carried = ""
            yield from words.boxes
        elif child.tag == f"{_W}tbl":
            yield from _rows(child, styles)
        elif child.tag not in _GONE and isinstance(child.tag, str):
            yield from _paragraphs(child, styles)
    if carried:
        yield _Said(carried)


def _rows(table: etree._Element, styles: Mapping[str, str]) -> Iterator[_Said]:
    for row in table.iter(f"{_W}tr"):
        if row.find(f"{_W}trPr/{_W}del") is not None or next(row.iterancestors(f"{_W}tbl")) is not table:
            continue
        cells = [list(_paragraphs(cell, styles)) for cell in row.iter(f"{_W}tc") if _row_of(cell) is row]
        texts = [" ".join(said.text for said in cell) for cell in cells]
        if len(cells) == 1 or any(count_words(text) > _CELL_WORDS for text in texts):
            yield from (said for cell in cells for said in cell)
        else:
            yield _Said(table_row(texts))


def _row_of(cell: etree._Element) -> etree._Element:
    return next(cell.iterancestors(f"{_W}tr"))


@dataclass
class _Words:
    """The words of one paragraph, and what stands in text boxes in it."""

    styles: Mapping[str, str]
    text: str = ""
    boxes: list[_Said] = field(default_factory=list)

    def add(self, element: etree._Element) -> None:
        for child in element:
            if child.tag in (f"{_W}t", f"{_M}t"):
                self.text += child.text or ""
            elif child.tag in _SIGNS:
                self.text += _SIGNS[child.tag]
            elif child.tag == f"{_W}txbxContent":
                self.boxes += _paragraphs(child, self.styles)
            elif child.tag in (f"{_W}r", f"{_M}sup"):
                self._add_run(child)
            elif child.tag == f"{_M}den":
                self.text += "/"
                self.add(child)
            elif isinstance(child.tag, str) and child.tag not in _GONE:
                self.add(child)

    def _add_run(self, run: etree._Element) -> None:
        form = run.find(f"{_W}rPr")
        if form is not None and _is_on(form.find(f"{_W}vanish")):
            return
        before, self.text = self.text, ""
        self.add(run)
        up = run.tag == f"{_M}sup" or (form is not None and _value(form.find(f"{_W}vertAlign")) == "superscript")
        self.text = before + (raised(self.text, before) if up else self.text)


def _value(element: etree._Element | None) -> str:
    return "" if element is None else str(element.get(f"{_W}val", ""))


def _is_on(element: etree._Element | None) -> bool:
    return element is not None and _value(element) not in _OFF
