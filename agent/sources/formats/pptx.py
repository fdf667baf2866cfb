"""Presentations (PPTX), read by python-pptx: the slides in order, each paragraph and row in a line, then notes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document, without_heading
from agent.sources.formats.container import checked, opening
from agent.sources.formats.properties import stated
from agent.sources.formats.table import table_row
from agent.sources.payload import Payload
from agent.sources.raised import raised
from agent.text.normal import normalize, one_line

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_FURNITURE = ("DATE", "FOOTER", "SLIDE_NUMBER", "HEADER")
_RAISED = re.compile(r"\+?0*[1-9][\d.]*%?")  # thousandths of the height of the letters; below zero: lowered
_MOST_NESTED = 30  # groups of shapes in groups


class PptxSource(FormatSource):
    name: ClassVar[str] = "PowerPoint"
    suffixes: ClassVar[frozenset[str]] = frozenset({".pptx", ".pptm", ".ppsx"})
    media_types: ClassVar[frozenset[str]] = frozenset(
        {"application/vnd.openxmlformats-officedocument.presentationml.presentation"}
    )

    def parse(self, payload: Payload) -> Items:
        import pptx

        checked(payload, "presentation")
        with opening(payload, "presentation"):
            show = pptx.Presentation(io.BytesIO(payload.data))
            slides = [slide for slide in show.slides if slide.element.get("show") not in ("0", "false")]
            lines = [normalize(line) for slide in slides for line in _slide(slide)]
            title, published = stated(show.core_properties)
            heads = (one_line(slide.shapes.title.text_frame.text) for slide in slides if slide.shapes.title is not None)
            title = title or next(filter(None, heads), "")
        text = without_heading(title, "\n\n".join(lines))
        yield make_document(title, text or title, source=payload.location, name=payload.stem, published=published)


def _slide(slide: Any) -> Iterator[str]:
    title = slide.shapes.title
    if title is not None:
        yield from _frame(title.text_frame)
    for shape in slide.shapes:
        if title is None or shape.shape_id != title.shape_id:
            yield from _shape(shape, 0)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        yield from _frame(slide.notes_slide.notes_text_frame)


def _shape(shape: Any, depth: int) -> Iterator[str]:
    if shape.is_placeholder and shape.placeholder_format.type.name in _FURNITURE:
        return
    if hasattr(shape, "shapes") and depth < _MOST_NESTED:
        for inner in shape.shapes:
            yield from _shape(inner, depth + 1)
    elif getattr(shape, "has_table", False):
        for row in shape.table.rows:
            yield table_row(" ".join(_frame(cell.text_frame)) for cell in row.cells)
    elif shape.has_text_frame:
        yield from _frame(shape.text_frame)


def _frame(frame: Any) -> Iterator[str]:
    for paragraph in frame.paragraphs:
        yield _words(paragraph._p)


def _words(paragraph: Any) -> str:
    """The runs of a paragraph. python-pptx would make 106 of 10 and a raised 6."""
    text = ""
    for element in paragraph.iter(f"{_A}r", f"{_A}br", f"{_A}fld"):
        said = element.findtext(f"{_A}t") or ""
        form = element.find(f"{_A}rPr")
        up = form is not None and _RAISED.fullmatch(form.get("baseline", "")) is not None
        text += "\n" if element.tag == f"{_A}br" else raised(said, text) if up else said
    return text
