"""Runs side by side on one baseline as rows, with the marks of lists and headings put to what they mark."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from agent.sources.pdf.runs import HYPHEN, Run, is_raised, with_raised

_SAME_LINE = 0.45  # of the larger font size: raised signs stay closer
_WORD_SPACE, _MARK_GAP = 0.15, 6.0
_SYMBOL = re.compile("[oqnl\u00a7\u00d8\u27a2\u2756\u2713\ue000-\uf8ff]")
"""What stands for a bullet, also as a letter of a font of symbols."""
_MARKER = re.compile(
    _SYMBOL.pattern + r"|[^\w\s]|\(?(?:\d{1,3}|[A-Za-z]|[ivx]{1,5})[.)]|\d{1,2}(?:\.\d{1,2})*\.?|\[\d{1,3}\]"
)


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
    found: list[list[Run]] = []
    largest = None
    for run in runs:
        if largest and _beside(run, largest, found[-1][-1]):
            found[-1].append(run)
            largest = max(largest, run, key=lambda one: one.size)
        else:
            found.append([run])
            largest = run
    return [Row(_close(row)) for row in found]


def _beside(run: Run, largest: Run, last: Run) -> bool:
    return abs(run.y - largest.y) <= _SAME_LINE * max(run.size, largest.size) and run.left > last.right - run.size


def _close(runs: list[Run]) -> list[Run]:
    """Puts runs together that no gap parts, and a list's or heading's mark with what it marks."""
    joined = runs[:1]
    for run in runs[1:]:
        last = joined[-1]
        gap, size = run.left - last.right, min(run.size, last.size)
        if len(runs) == 2 and size < gap < _MARK_GAP * size and _MARKER.fullmatch(last.text):
            mark = replace(last, text="\u2022") if _SYMBOL.fullmatch(last.text) else last
            joined[-1] = replace(_joined(mark, run, gap), marked=True)
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
