"""Tables as text: one line a row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from agent.errors import SourceError
from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document
from agent.sources.payload import Payload, decode
from agent.text.normal import clean, one_line

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 50
_SEPARATOR_LINE = re.compile(r"\s*sep=(.)[ \t]*\n", re.IGNORECASE)  # written by Excel


class TableSource(FormatSource):
    name: ClassVar[str] = "table"
    suffixes: ClassVar[frozenset[str]] = frozenset({".csv", ".tsv", ".tab", ".psv"})
    media_types: ClassVar[frozenset[str]] = frozenset({"text/csv", "text/tab-separated-values"})

    def parse(self, payload: Payload) -> Items:
        text = clean(decode(payload))
        named = _SEPARATOR_LINE.match(text)
        body = text[named.end() :] if named else text
        try:
            rows = list(_rows(body, named.group(1) if named else _delimiter(body)))
        except csv.Error as error:
            cause = f"{payload.location} is no table that can be read: {error}"
            raise SourceError(cause, "save it as CSV again, or as plain text") from error
        yield make_document(payload.stem, "\n\n".join(rows), source=payload.location, name=payload.stem)


def table_row(cells: Iterable[str]) -> str:
    """The cells of a row in one line; empty ones are left out."""
    return ", ".join(filter(None, map(one_line, cells)))


def _rows(text: str, delimiter: str) -> Iterator[str]:
    for cells in csv.reader(text.splitlines(keepends=True), delimiter=delimiter):
        if row := table_row(cells):
            yield row


def _delimiter(text: str) -> str:
    """The sign that cuts most lines into the same number of cells, more than one; a comma where none does."""
    lines = [line for line in text.split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES] if line.strip()]

    def alike(delimiter: str) -> tuple[int, int]:
        try:
            widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter)]
        except csv.Error:
            return 0, 0
        cut = [width for width in widths if width > 1]
        usual = max(set(cut), key=cut.count, default=0)
        return cut.count(usual), usual

    best = max(_DELIMITERS, key=alike)
    return best if alike(best) > (0, 0) else ","
