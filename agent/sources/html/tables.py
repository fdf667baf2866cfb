"""Tables: one line a row, its cells joined by ", "; what only lays out a page gives the lines of its cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree  # type: ignore[import-untyped]

from agent.sources.html.tree import tag_of
from agent.text.normal import count_words, ends_with_stop, is_block

_SECTIONS = frozenset({"tbody", "thead", "tfoot"})
_ROW_WORDS = 120  # a row of more words is a part of the page's layout
_PROSE_WORDS = 12  # a cell with several paragraphs, one of them a sentence of so many words, is no cell of data
_MOST_ROWS = 500  # that one cell may span; browsers stop at 65,534

Written = Callable[[etree._Element], list[str]]


def table_lines(table: etree._Element, written: Written) -> Iterator[tuple[str, etree._Element]]:
    """The lines of a table in order, each with the element that it stands for. `written` gives the lines of a cell."""
    spanning: dict[int, tuple[str, int]] = {}
    for part in _parts(table):
        cells = [cell for cell in part if tag_of(cell) in ("td", "th")] if tag_of(part) == "tr" else []
        if not cells:
            yield from ((line, part) for line in written(part))
            continue
        found = [written(cell) for cell in cells]
        if _is_layout(table, cells, found):
            yield from ((line, cell) for cell, said in zip(cells, found, strict=True) for line in said)
            continue
        row = _joined(_spread(cells, ["; ".join(said) for said in found], spanning))
        if row:
            yield row, part


def _parts(table: etree._Element) -> Iterator[etree._Element]:
    for child in table:
        if tag_of(child) in _SECTIONS:
            yield from child
        else:
            yield child


def _is_layout(table: etree._Element, cells: list[etree._Element], found: list[list[str]]) -> bool:
    filled = [said for said in found if said]
    if len(filled) < 2 or table.get("role") in ("presentation", "none"):
        return True
    if any(is_block(line) for said in filled for line in said) or any(_holds_table(cell) for cell in cells):
        return True
    words = sum(count_words(line) for said in filled for line in said)
    return words > _ROW_WORDS or any(len(said) > 1 and any(map(_is_prose, said)) for said in filled)


def _holds_table(cell: etree._Element) -> bool:
    return next(cell.iter("table"), None) is not None


def _is_prose(line: str) -> bool:
    return ends_with_stop(line) and count_words(line) >= _PROSE_WORDS


def _spread(cells: list[etree._Element], texts: list[str], spanning: dict[int, tuple[str, int]]) -> list[str]:
    """The texts of a row, with those that reach into it from the rows above."""
    row: list[str] = []
    waiting = list(zip(cells, texts, strict=True))
    column = 0
    while waiting or column in spanning:
        if column in spanning:
            text, left = spanning.pop(column)
            if left > 1:
                spanning[column] = (text, left - 1)
        else:
            cell, text = waiting.pop(0)
            if (rows := _span(cell)) > 1:
                spanning[column] = (text, rows - 1)
        row.append(text)
        column += 1
    return row


def _span(cell: etree._Element) -> int:
    said = cell.get("rowspan") or ""
    return min(int(said), _MOST_ROWS) if said.isascii() and said.isdigit() else 1


def _joined(texts: list[str]) -> str:
    joined = ""
    for text in filter(None, texts):
        if joined:
            joined += " " if joined.endswith((":", ",", ";")) or ends_with_stop(joined) else ", "
        joined += text
    return joined
