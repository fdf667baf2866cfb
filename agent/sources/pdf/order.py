"""The rows of a page as lines in reading order: columns one after another, a table's rows each as one line.

Most files draw their text in reading order, so that order is kept, with two exceptions. Rows that go across columns are
taken apart. And where a part is drawn before one that stands above it, the parts are sorted as Breuel does (High
Performance Document Layout Analysis, 2003, sec. 4): one above the other where they overlap sideways, and what stands
wholly to the left first where nothing spans both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from agent.sources.pdf.rows import Row
from agent.sources.pdf.runs import Run

_MOST_COLUMNS = 4
_COLUMN_ROWS = 3
_CELL_CHARACTERS = 18  # on average: columns of running text have more
_LOWER_CASE = 0.25  # of the lines of running text begin so
_CELLS_APART = (0.0, 2.0, 1.5, 0.0)
"""How many font sizes lie between cells where 0, 1, 2 or more rows have gaps at one place: few may be wide spaces."""
_NEXT_ROW = 3.0  # of the font size: farther down something else begins
_GUTTER = 6.0  # points
_MOST_CELLS = 40
_MOST_BLOCKS = 150  # a drawing has more, and no order


Gap = tuple[float, float]
"""Left and right edge of what is empty."""


@dataclass(slots=True)
class Line:
    text: str
    left: float
    right: float
    y: float
    size: float
    bold: bool
    fixed: bool
    cells: int = 1
    """More than one in a row of a table."""
    marked: bool = False
    """Whether it begins with the mark of a list's item or a heading, apart from the rest."""


def lines(rows: list[Row]) -> list[Line]:
    return _sorted([line for part in _parts(rows) for line in part])


def _parts(rows: list[Row]) -> Iterator[list[Line]]:
    start = 0
    while start < len(rows):
        end, below = _common_gutter(rows, start)
        columns = _columns(rows[start:below])
        if columns:
            yield from columns
            start = below
            continue
        part = rows[start:end]
        apart = _CELLS_APART[min(sum(len(row.runs) > 1 for row in part), len(_CELLS_APART) - 1)]
        yield [_line(row, apart) for row in part]
        start = end


def _common_gutter(rows: list[Row], start: int) -> tuple[int, int]:
    """Where the rows end that begin here and share a gap from top to bottom: a table, at least the next row. And where
    columns end, of which one may be longer."""
    free, end, wide, last_wide = _gaps(rows[start]), start + 1, 1, start
    while free and end < len(rows) and -rows[end].size < rows[end].y - rows[end - 1].y < _NEXT_ROW * rows[end].size:
        row = rows[end]
        common = _overlap(free, _free(row))
        fewer, more = len(common) < len(free), len(row.runs) > len(free) + 1
        if not common or (fewer and wide >= _COLUMN_ROWS) or (more and wide < _COLUMN_ROWS):
            break
        if len(row.runs) > 1:
            wide, last_wide = wide + 1, end
        free, end = common, end + 1
    return last_wide + 1, end


def _free(row: Row) -> list[Gap]:
    """What the row leaves empty, with the margins."""
    return [(float("-inf"), row.left), *_gaps(row), (row.right, float("inf"))]


def _gaps(row: Row) -> list[Gap]:
    return [(run.right, following.left) for run, following in pairwise(row.runs[:_MOST_CELLS])]


def _overlap(gaps: list[Gap], others: list[Gap]) -> list[Gap]:
    common = ((max(a, c), min(b, d)) for a, b in gaps for c, d in others)
    return [(left, right) for left, right in common if right - left >= _GUTTER]


def _columns(rows: list[Row]) -> list[list[Line]]:
    """The lines of each column, none where the rows are a table's."""
    if len(rows) < _COLUMN_ROWS:
        return []
    free = _gaps(max(rows, key=lambda row: len(row.runs)))
    for row in rows:
        free = _overlap(free, _free(row))
    edges = [(left + right) / 2 for left, right in sorted(free)]
    columns = [
        [run for row in rows for run in row.runs if low <= run.left < high]
        for low, high in zip([float("-inf"), *edges], [*edges, float("inf")], strict=True)
    ]
    if not 2 <= len(columns) <= _MOST_COLUMNS or not all(map(_running_text, columns)):
        return []
    return [[_line(Row([run]), 0.0) for run in sorted(column, key=lambda run: run.y)] for column in columns]


def _running_text(column: list[Run]) -> bool:
    if len(column) < _COLUMN_ROWS:
        return False
    characters = sum(len(run.text) for run in column) / len(column)
    lower = sum(run.text[:1].islower() for run in column) / len(column)
    caseless = not any(run.text[:1].isupper() or run.text[:1].islower() for run in column)
    return characters >= _CELL_CHARACTERS and (lower >= _LOWER_CASE or caseless)


def _line(row: Row, apart: float) -> Line:
    """A row as a line, with commas between cells that are farther apart than so many font sizes."""
    widest = max(row.runs, key=lambda run: len(run.text))
    text, cells = row.runs[0].text, 1
    for run, following in pairwise(row.runs):
        cell = following.left - run.right > apart * widest.size
        text += (", " if cell else " ") + following.text
        cells += cell
    text = _spaced(row.runs) if widest.fixed else text
    return Line(text, row.left, row.right, widest.y, widest.size, widest.bold, widest.fixed, cells, row.runs[0].marked)


def _spaced(runs: list[Run]) -> str:
    """Runs of a font whose characters are all equally wide, with as many spaces as there is room for."""
    text, right = "", runs[0].left
    for run in runs:
        advance = max((run.right - run.left) / len(run.text), 0.1)
        text += " " * min(round((run.left - right) / advance), 80) + run.text
        right = run.right
    return text


def _sorted(lines: list[Line]) -> list[Line]:
    blocks = _blocks(lines)
    if len(blocks) > _MOST_BLOCKS or not any(_misplaced(blocks, index) for index in range(1, len(blocks))):
        return lines
    waiting, ordered = list(range(len(blocks))), list[Line]()
    before = [{i for i in waiting if i != n and _precedes(blocks, i, n)} for n in waiting]
    while waiting:
        # Where parts lie around each other none may be free: then the file's own order goes on.
        following = next((n for n in waiting if not before[n].intersection(waiting)), waiting[0])
        waiting.remove(following)
        ordered += blocks[following].lines
    return ordered


@dataclass(slots=True)
class _Block:
    lines: list[Line]
    left: float
    right: float
    top: float
    bottom: float


def _blocks(lines: list[Line]) -> list[_Block]:
    """Lines one below the other, as boxes."""
    blocks: list[_Block] = []
    for line in lines:
        last = blocks[-1] if blocks else None
        box = _Block([line], line.left, line.right, line.y - 0.8 * line.size, line.y + 0.2 * line.size)
        below = last and 0 <= line.y - last.lines[-1].y < _NEXT_ROW * line.size
        if last and below and line.left < last.right and line.right > last.left and line.size == last.lines[-1].size:
            last.lines.append(line)
            last.left, last.right = min(last.left, box.left), max(last.right, box.right)
            last.bottom = box.bottom
        else:
            blocks.append(box)
    return blocks


def _misplaced(blocks: list[_Block], index: int) -> bool:
    """Whether a block is drawn although one above it, or to its left, comes only later."""
    block, last = blocks[index], blocks[index - 1]
    if _beside(block, last):
        overlap = min(block.bottom, last.bottom) - max(block.top, last.top)
        lower = min(block.bottom - block.top, last.bottom - last.top)
        return (
            block.right <= last.left and min(len(block.lines), len(last.lines)) >= _COLUMN_ROWS and overlap > lower / 2
        )
    return any(not _beside(block, other) and block.bottom <= other.top for other in blocks[:index])


def _beside(block: _Block, other: _Block) -> bool:
    return block.right <= other.left or other.right <= block.left


def _precedes(blocks: list[_Block], one: int, two: int) -> bool:
    first, second = blocks[one], blocks[two]
    if not _beside(first, second):
        return first.top < second.top
    if first.left >= second.left:
        return False
    low, high = min(first.bottom, second.bottom), max(first.top, second.top)
    return not any(
        low <= block.top and block.bottom <= high and not _beside(block, first) and not _beside(block, second)
        for block in blocks
    )
