"""OpenDocument files (ODT, ODS, ODP): a zip file of XML, read with lxml.

odfpy has had no release since 2020. odfdo is kept up, but has footnotes in the middle of its text, and makes 106 of 10
and a raised 6, so that its XML had to be walked all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar
from zipfile import ZipFile

from lxml import etree  # type: ignore[import-untyped]

from agent.errors import SourceError
from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document, without_heading
from agent.sources.formats.container import checked, opening, xml_root
from agent.sources.formats.properties import usable_title
from agent.sources.formats.table import table_row
from agent.sources.payload import Payload
from agent.sources.raised import raised
from agent.text.normal import count_words, normalize, one_line

_NS = {
    name: f"{{urn:oasis:names:tc:opendocument:xmlns:{part}:1.0}}"
    for name, part in {
        "draw": "drawing", "fo": "xsl-fo-compatible", "manifest": "manifest", "meta": "meta", "office": "office",
        "presentation": "presentation", "style": "style", "svg": "svg-compatible", "table": "table", "text": "text",
    }.items()
}  # fmt: skip
_DC = "{http://purl.org/dc/elements/1.1/}"


def _tag(name: str) -> str:
    prefix, _, local = name.partition(":")
    return _NS[prefix] + local


_GONE = frozenset(map(_tag, (
    "text:tracked-changes", "office:annotation", "office:annotation-end", "office:forms", "text:ruby-text", "svg:title",
    "svg:desc", "text:hidden-text", "text:table-of-content", "text:note-citation", "table:covered-table-cell",
    "presentation:settings", "text:sequence-decls", "table:shapes",
)))  # fmt: skip
_PARAGRAPHS = frozenset(map(_tag, ("text:p", "text:h")))
_SPACES = {_tag("text:tab"): " ", _tag("text:line-break"): "\n", _tag("text:s"): " "}
_CELL_WORDS = 60  # a cell of more words is no entry of a row: the table only sets columns of text


class OdfSource(FormatSource):
    name: ClassVar[str] = "OpenDocument"
    suffixes: ClassVar[frozenset[str]] = frozenset({".odt", ".ods", ".odp", ".ott"})
    media_types: ClassVar[frozenset[str]] = frozenset(
        f"application/vnd.oasis.opendocument.{kind}" for kind in ("text", "spreadsheet", "presentation")
    )

    def parse(self, payload: Payload) -> Items:
        kind = "OpenDocument file"
        container = checked(payload, kind)
        with opening(payload, kind):
            if _is_locked(container):
                cause = f"{payload.location} is locked with a password"
                raise SourceError(cause, "save a copy without a password and give that")
            content = xml_root(container, "content.xml")
            styles = [content, *(xml_root(container, name) for name in ("styles.xml",) if name in container.namelist())]
            reader = _Reader(_styled(styles, "style:text-position"), _styled(styles, "text:display"))
            reader.read(_body(content))
            title, published = _stated(container)
        title = title or reader.heading
        text = without_heading(title, "\n\n".join((*reader.lines, *reader.notes)))
        yield make_document(title, text or title, source=payload.location, name=payload.stem, published=published)


def _is_locked(container: ZipFile) -> bool:
    name = "META-INF/manifest.xml"
    return name in container.namelist() and b"encryption-data" in container.read(name)


def _body(content: etree._Element) -> etree._Element:
    body = content.find(_tag("office:body"))
    if body is None:
        raise ValueError("it has no body")
    return body


def _styled(roots: list[etree._Element], attribute: str) -> dict[str, str]:
    """The styles that set an attribute of their text, by name."""
    found = {}
    for root in roots:
        for style in root.iter(_tag("style:style")):
            for form in style.iter(_tag("style:text-properties")):
                if value := form.get(_tag(attribute)):
                    found[str(style.get(_tag("style:name")))] = str(value)
    return found


def _stated(container: ZipFile) -> tuple[str, str]:
    """Title and date of creation, "" where the file states none of use."""
    if "meta.xml" not in container.namelist():
        return "", ""
    meta = xml_root(container, "meta.xml")
    title = next((element.text or "" for element in meta.iter(f"{_DC}title")), "")
    created = next((element.text or "" for element in meta.iter(_tag("meta:creation-date"))), "")
    return usable_title(title), one_line(created)


@dataclass
class _Reader:
    """Collects the paragraphs and rows of a body, and its notes apart from them."""

    positions: dict[str, str]
    displays: dict[str, str]
    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    heading: str = ""

    def read(self, element: etree._Element) -> None:
        for child in element:
            if child.tag in _GONE or not isinstance(child.tag, str):
                continue
            if child.tag in _PARAGRAPHS:
                self._paragraph(child)
            elif child.tag == _tag("table:table-row"):
                self._row(child)
            else:
                if child.tag == _tag("table:table") and child.getparent().tag == _tag("office:spreadsheet"):
                    self._sheet_name(child)
                self.read(child)

    def _sheet_name(self, table: etree._Element) -> None:
        if len(table.getparent().findall(_tag("table:table"))) > 1 and table.find(f".//{_tag('text:p')}") is not None:
            self.lines.append(str(table.get(_tag("table:name"), "")))

    def _paragraph(self, element: etree._Element) -> None:
        boxes: list[str] = []
        text = normalize(self._words(element, "", boxes))
        if element.tag == _tag("text:h") and not self.heading:
            self.heading = one_line(text)
        self.lines += [text, *boxes]

    def _row(self, row: etree._Element) -> None:
        cells = []
        for cell in row.iter(_tag("table:table-cell")):
            if next(cell.iterancestors(_tag("table:table-row"))) is row:
                inner = _Reader(self.positions, self.displays, notes=self.notes)
                inner.read(cell)
                cells.append(_value(cell, inner.lines))
        filled = [cell for cell in cells if any(cell)]
        if len(filled) > 1 and all(count_words(" ".join(cell)) <= _CELL_WORDS for cell in filled):
            self.lines.append(table_row(" ".join(cell) for cell in filled))
        else:
            self.lines += [line for cell in filled for line in cell]

    def _words(self, element: etree._Element, before: str, boxes: list[str]) -> str:
        """The words of an element that stand in its own line; `before` is what stands in front of them."""
        text = element.text or ""
        for child in element:
            text += self._child(child, before + text, boxes) if isinstance(child.tag, str) else ""
            text += child.tail or ""
        return text

    def _child(self, child: etree._Element, before: str, boxes: list[str]) -> str:
        style = str(child.get(_tag("text:style-name"), ""))
        if child.tag in _GONE or self.displays.get(style) == "none":
            return ""
        if child.tag in _SPACES:
            return _SPACES[child.tag]
        if child.tag == _tag("text:note"):
            inner = _Reader(self.positions, self.displays)
            inner.read(child)
            self.notes += inner.lines
            return ""
        if child.tag == _tag("draw:text-box") or child.find(_tag("text:p")) is not None:
            inner = _Reader(self.positions, self.displays, notes=self.notes)
            inner.read(child)
            boxes += inner.lines
            return ""
        words = self._words(child, before, boxes)
        position = self.positions.get(style, "")
        up = position.startswith("super") or (position[:1].isdigit() and not position.startswith("0%"))
        return raised(words, before) if up else words


def _value(cell: etree._Element, shown: list[str]) -> list[str]:
    """A cell as it is shown, but dates as ISO and numbers never in powers of ten."""
    kind = cell.get(_tag("office:value-type"))
    if kind == "date":
        return [str(cell.get(_tag("office:date-value"))).removesuffix("T00:00:00")]
    if kind == "float" and "E" in " ".join(shown).upper():
        return [str(cell.get(_tag("office:value")))]
    return [line for line in shown if line]
