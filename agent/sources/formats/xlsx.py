"""Workbooks (XLSX), read by openpyxl: one line a row, the cells as they are shown.

Not by markitdown or pandas: they guess a type for each column, and write 48213 as 4.821300e+04 beside one gap, 001 as 1
and NA as NaN.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from agent.errors import SourceError
from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document
from agent.sources.formats.container import checked, opening
from agent.sources.formats.properties import stated
from agent.sources.formats.table import table_row
from agent.sources.payload import Payload

MAX_ROWS = 200_000
_ZEROS = re.compile(r"0{2,}")
_PERCENT = re.compile(r"0(?:\.(0+))?%")


class XlsxSource(FormatSource):
    name: ClassVar[str] = "Excel"
    suffixes: ClassVar[frozenset[str]] = frozenset({".xlsx", ".xlsm", ".xltx"})
    media_types: ClassVar[frozenset[str]] = frozenset(
        {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
    )

    def parse(self, payload: Payload) -> Items:
        import openpyxl

        checked(payload, "workbook")
        with opening(payload, "workbook"):
            book = openpyxl.load_workbook(io.BytesIO(payload.data), read_only=True, data_only=True)
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            parts = [(sheet.title, list(_rows(sheet, payload))) for sheet in sheets]
            title, published = stated(book.properties)
            published = published if title else ""  # openpyxl fills in the present where a file says nothing
        filled = [(name, rows) for name, rows in parts if rows]
        lines = [line for name, rows in filled for line in ([name, *rows] if len(filled) > 1 else rows)]
        yield make_document(
            title or payload.stem, "\n\n".join(lines), source=payload.location, name=payload.stem, published=published
        )


def _rows(sheet: Any, payload: Payload) -> Iterator[str]:
    sheet.reset_dimensions()  # programs state them wrongly, and rows would be lost
    filled = filter(None, (table_row(map(_shown, cells)) for cells in sheet.iter_rows()))
    for number, row in enumerate(filled, 1):
        if number > MAX_ROWS:
            cause = f"{payload.location} has more than {MAX_ROWS} rows"
            raise SourceError(cause, "save what is to be read in smaller files")
        yield row


def _shown(cell: Any) -> str:
    """A cell as people see it; dates as ISO."""
    value = cell.value
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case int() | float():
            return _number(value, str(cell.number_format or ""))
    return str(value)


def _number(value: float, form: str) -> str:
    """All digits that a workbook keeps (15), zeros in front and percent where the cell shows them."""
    if percent := _PERCENT.fullmatch(form):
        return f"{value * 100:.{len(percent.group(1) or '')}f}%"
    if _ZEROS.fullmatch(form) and float(value).is_integer():
        return f"{int(value):0{len(form)}d}"
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.15g}"
