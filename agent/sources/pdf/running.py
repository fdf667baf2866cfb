"""What only repeats on the pages: running headers, footers and page numbers.

A row repeats where the outermost rows of many pages say the same at the same height, numbers aside. Headers that change
with the chapter or between left and right pages count too: what matters is how densely they stand where they do.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from agent.sources.pdf.rows import Row
from agent.text.normal import ends_with_stop

_OUTER_ROWS = 4  # at each edge: no header or footer has more
_DENSE = 0.4  # of the pages between the first and the last that show it: left and right pages may differ
_MOST = 0.6  # of the pages
_SHORT = 0.8  # of the width of the rows beside it
_SHORT_FILE = 6  # pages
_SAME_HEIGHT = 3.0  # points
_APART, _FAR = 1.35, 1.8  # of the font size, from the next row
_LARGER = 1.15  # than the text
_NUMBER = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"[-\u2013\u2014\[(| ]*(?:(?:page|p\.|seite|pagina|p\u00e1gina) ?)?#(?: ?(?:of|/|von|sur|de|\|) ?#)?"
    r"[-\u2013\u2014\])| ]*|[ivxlc]{1,7}"
)
_NAMED_PAGE = re.compile(
    r"[-\u2013\u2014\[(| ]*(?:Page|PAGE|Seite|P\u00e1gina|Pagina) ?\d+(?: ?(?:of|/|von|sur|de|di|\|) ?\d+)?"
    r"[-\u2013\u2014\])| ]*"
)
_Place = tuple[str, int]


def without_running(pages: list[list[Row]]) -> list[list[Row]]:
    """The pages without their running headers, footers and page numbers, as long as anything is left."""
    edges = [_edges(page) for page in pages]
    found: defaultdict[_Place, set[int]] = defaultdict(set)
    for number, sides in enumerate(edges):
        for row in (row for side in sides for row in side):
            for height in (-1, 0, 1):
                found[_place(row, height)].add(number)
    places = {place: sorted(numbers) for place, numbers in found.items()}
    large = _LARGER * _text_size(pages)
    dropped = {id(row) for sides in edges for side in sides for row in _running(side, places, len(pages), large)}
    kept = [[row for row in page if id(row) not in dropped] for page in pages]
    return kept if any(kept) else pages


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


def _running(side: list[Row], places: dict[_Place, list[int]], of: int, large: float) -> list[Row]:
    """The rows from the edge inwards that repeat, or are a page number. What stands close to the text must be more
    certain: a page's number by name, or the same short line on most pages."""
    running, widest = 0, max((row.right - row.left for row in side), default=0.0)
    for count, row in enumerate(side[:_OUTER_ROWS], 1):
        pages, numbers, named = places[_place(row)], _numbers(row), _NAMED_PAGE.fullmatch(row.text)
        gap = abs(side[count].y - row.y) / row.size if count < len(side) else float("inf")
        telling = numbers or any(map(str.isalpha, row.text))  # rows of figures look alike
        repeats = telling and _dense(pages, of, row.size > large and not numbers)
        if not (repeats or named or (numbers and gap > _FAR)):
            break
        short = len(row.runs) == 1 and row.size <= large and row.right - row.left < _SHORT * widest
        most = repeats and short and len(pages) > _MOST * of
        if gap > _APART or named or most:
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
