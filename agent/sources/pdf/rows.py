"""Runs side by side as rows, and the rows left out that only repeat: running headers, footers, page numbers.

A row repeats where the outermost rows of many pages say the same at the same height, numbers aside. Headers that change
with the chapter or between left and right pages count too: what matters is how densely they stand where they do.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

from agent.sources.pdf.runs import HYPHEN, Run, is_raised, with_raised
from agent.text.normal import ends_with_stop

_SAME_LINE = 0.45  # of the larger font size: raised signs stay closer
_WORD_SPACE, _MARK_GAP = 0.15, 6.0
_OUTER_ROWS = 4  # at each edge: no header or footer has more
_DENSE = 0.4  # of the pages between the first and the last that show it: left and right pages may differ
_SAME_HEIGHT = 3.0  # points
_APART, _FAR = 1.35, 1.8  # of the font size, from the next row
_SHORT_FILE = 6  # pages
_LARGER = 1.15  # than the text
_MOST = 0.6
_NUMBER = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"[-\u2013\u2014\[(| ]*(?:(?:page|p\.|seite|pagina|p\u00e1gina) ?)?#(?: ?(?:of|/|von|sur|de|\|) ?#)?"
    r"[-\u2013\u2014\])| ]*|[ivxlc]{1,7}"
)
_SYMBOL = re.compile("[oqnl\u00a7\u00d8\u27a2\u2756\u2713\ue000-\uf8ff]")
"""What stands for a bullet, also as a letter of a font of symbols."""
_MARKER = re.compile(
    _SYMBOL.pattern + r"|[^\w\s]|\(?(?:\d{1,3}|[A-Za-z]|[ivx]{1,5})[.)]|\d{1,2}(?:\.\d{1,2})*\.?|\[\d{1,3}\]"
)

_Place = tuple[str, int]


@dataclass(slots=True)
class Row:
    """Runs on one baseline from left to right: one, or several with gaps between them."""

    runs: list[Run]

    @property
    def text(self) -> str:
        return " ".join(run.text for run in self.runs)

    @property
    def y(self) -> float:
        return self.runs[0].y

    @property
    def size(self) -> float:
        return max(run.size for run in self.runs)

    @property
    def left(self) -> float:
        return min(run.left for run in self.runs)

    @property
    def right(self) -> float:
        return max(run.right for run in self.runs)


def rows(runs: list[Run]) -> list[Row]:
    """The runs of a page, in the order of the file, with those put together that go on to the right on one baseline."""
    found: list[Row] = []
    for run in runs:
        row = found[-1] if found else None
        if row and _beside(run, max(row.runs, key=lambda other: other.size), row.runs[-1]):
            row.runs.append(run)
        else:
            found.append(Row([run]))
    return [Row(_close(row.runs)) for row in found]


def _beside(run: Run, largest: Run, last: Run) -> bool:
    return abs(run.y - largest.y) <= _SAME_LINE * max(run.size, largest.size) and run.left > last.right - run.size


def _close(runs: list[Run]) -> list[Run]:
    """Puts runs together that no gap parts, and a list's or heading's mark with what it marks."""
    joined = runs[:1]
    for run in runs[1:]:
        last = joined[-1]
        gap, size = run.left - last.right, min(run.size, last.size)
        if len(runs) == 2 and gap < _MARK_GAP * size and _MARKER.fullmatch(last.text):
            mark = replace(last, text="\u2022") if _SYMBOL.fullmatch(last.text) else last
            joined[-1] = replace(_joined(mark, run, gap), marked=gap > size)
        elif gap <= size:
            joined[-1] = _joined(last, run, gap)
        else:
            joined.append(run)
    return joined


def _joined(run: Run, following: Run, gap: float) -> Run:
    wide = run if len(run.text) >= len(following.text) else following
    if following.text.isdecimal() and is_raised(following.size, run.size, run.y - following.y):
        text = with_raised(run.text, following.text)
    else:
        spaced = gap > _WORD_SPACE * wide.size and not run.text.endswith(HYPHEN)
        text = run.text + " " * spaced + following.text
    return Run(text, run.left, following.right, wide.y, wide.size, wide.bold, wide.fixed)


def without_running(pages: list[list[Row]]) -> list[list[Row]]:
    """The pages without their running headers, footers and page numbers."""
    edges = [_edges(page) for page in pages]
    places: defaultdict[_Place, set[int]] = defaultdict(set)
    for number, sides in enumerate(edges):
        for row in (row for side in sides for row in side):
            for height in (-1, 0, 1):
                places[_place(row, height)].add(number)
    large = _LARGER * _text_size(pages)
    repeating = {
        (place, big): _dense(sorted(found), len(pages), big)
        for place, found in places.items() for big in (False, True)
    }  # fmt: skip
    dropped = {
        id(row)
        for sides in edges
        for side in sides
        for row in _running(side, lambda row: repeating[_place(row), row.size > large and not _numbers(row)])
    }
    return [[row for row in page if id(row) not in dropped] for page in pages]


def _place(row: Row, height: int = 0) -> _Place:
    """What a row says at which height, or a step of a few points above or below."""
    return _pattern(row), round(row.y / _SAME_HEIGHT) + height


def _text_size(pages: list[list[Row]]) -> float:
    sizes: Counter[float] = Counter()
    for row in (row for page in pages for row in page):
        sizes[row.size] += len(row.text)
    return max(sizes, key=sizes.__getitem__, default=1.0)


def _edges(page: list[Row]) -> tuple[list[Row], list[Row]]:
    """The uppermost rows from above and the lowest from below, and one more each."""
    ordered = sorted(page, key=lambda row: row.y)
    return ordered[: _OUTER_ROWS + 1], ordered[: -_OUTER_ROWS - 2 : -1]


def _pattern(row: Row) -> str:
    """What repeats: the words, and of a sentence the numbers too."""
    text = " ".join(row.text.casefold().split())
    return text if ends_with_stop(text) else _NUMBER.sub("#", text)


def _running(side: list[Row], repeats: Callable[[Row], bool]) -> list[Row]:
    """The rows from the edge inwards that repeat, or are a page number, as far as a gap parts them from the text."""
    running = 0
    for count, row in enumerate(side[:_OUTER_ROWS], 1):
        gap = abs(side[count].y - row.y) / row.size if count < len(side) else float("inf")
        telling = _numbers(row) or any(map(str.isalpha, row.text))  # rows of figures look alike
        if not ((telling and repeats(row)) or (_numbers(row) and gap > _FAR)):
            break
        if gap > _APART:
            running = count
    return side[:running]


def _numbers(row: Row) -> bool:
    """Whether the row says no more than a page's number."""
    return _PAGE_NUMBER.fullmatch(_pattern(row)) is not None


def _dense(pages: list[int], of: int, large: bool) -> bool:
    """Whether what stands on these pages of so many repeats. What is larger than the text may be the heading of one
    chapter after another, so it must stand on most."""
    if large:
        return len(pages) > max(_MOST * of, 3)
    if len(pages) < 3:  # two tell only in a short file
        return len(pages) == 2 and of <= _SHORT_FILE and pages[1] - pages[0] <= 2
    return len(pages) >= _DENSE * (pages[-1] - pages[0] + 1)
