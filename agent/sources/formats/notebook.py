"""Jupyter notebooks: their Markdown as text, their code as blocks, without what the code printed.

The file is plain JSON of two keys, so nbformat, which checks it against a schema with jsonschema, is not needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from agent.errors import SourceError
from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document, without_heading
from agent.sources.formats.markdown import read_markdown
from agent.sources.payload import Payload, decode
from agent.text.normal import block

_MEND = "open it in Jupyter and save it again, or export it as Markdown"


class NotebookSource(FormatSource):
    name: ClassVar[str] = "Jupyter notebook"
    suffixes: ClassVar[frozenset[str]] = frozenset({".ipynb"})
    media_types: ClassVar[frozenset[str]] = frozenset({"application/x-ipynb+json"})

    def parse(self, payload: Payload) -> Items:
        cells = list(_cells(payload))
        markdown = "\n\n".join(text for kind, text in cells if kind == "markdown")
        title, _ = read_markdown(markdown)
        text = without_heading(title, "\n\n".join(_read(kind, text) for kind, text in cells))
        if not text:
            raise SourceError(f"{payload.location} is a notebook without text or code", "leave it out")
        yield make_document(title, text, source=payload.location, name=payload.stem)


def _read(kind: str, text: str) -> str:
    if kind == "markdown":
        return read_markdown(text)[1]
    return block(text) if kind == "code" else ""


def _cells(payload: Payload) -> Iterator[tuple[str, str]]:
    """Kind and source of each cell, of notebooks of all versions."""
    book = _json(payload)
    sheets = book.get("worksheets")  # of version 3
    for sheet in sheets if isinstance(sheets, list) else [book]:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        for cell in cells if isinstance(cells, list) else []:
            if isinstance(cell, dict):
                source = cell.get("source", cell.get("input", ""))
                text = "".join(map(str, source)) if isinstance(source, list) else str(source)
                yield str(cell.get("cell_type")), text


def _json(payload: Payload) -> dict[str, Any]:
    try:
        book = json.loads(decode(payload))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{payload.location} is no notebook, or is cut off: {error}", _MEND) from error
    if not isinstance(book, dict):
        raise SourceError(f"{payload.location} is JSON but no notebook", _MEND)
    return book
