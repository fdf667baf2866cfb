"""Lines in reading order as paragraphs: which line breaks end one, and which only wrap it.

A line is wrapped where the next word did not fit. A break is meant where that word would have fitted, where the
distance to the next line, its font or its indent changes, or where a list's mark begins the next line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Literal

from agent.sources.pdf.order import Line
from agent.sources.pdf.runs import HYPHEN
from agent.text.normal import UNSPACED_RANGES, block, ends_with_stop

_SAME_SIZE = 0.08
_WIDER = 1.25  # than the usual distance between lines of this size
_TELLING = 4  # pairs of lines: a column may be set wider than most of the file
_INDENT = 0.8  # of the font size
_OTHER_PLACE = 6.0  # of the font size: a line that begins so far left or right belongs to something else
_NEAR_EDGE = 4.0  # of the font size
_SLACK = 0.1  # of the width of the text: wrapped at so many characters, not at a width
_LOWER_GOES_ON = 0.6  # of the width
# Of list items, and the raised numbers of footnotes.
_BULLET = re.compile(
    r"[\u2022\u25e6\u25aa\u2023\u25cf\u25cb\u25a0\u25a1\u2043\u00b7]\s*|[\u00b9\u00b2\u00b3\u2070-\u2079]+\s*(?=[^\W\d])"
)
_DASH = re.compile(r"[-\u2013\u2014*]\s+")
_NUMBERED = re.compile(r"(?:\(?(?:\d{1,3}|[A-Za-z])[.)]|\[\d{1,3}\]|\d{1,2}(?:\.\d{1,2})+\.?)\s+")
_CUT = re.compile(rf"[^\W_][-\u2010\u00ad{HYPHEN}]\Z")
_NO_SPACE = re.compile(r"\w[\u2013\u2014/]\Z")
_WIDE = re.compile(f"[{UNSPACED_RANGES}\u3000-\u303f\uff01-\uff9f]")
_LEADERS = re.compile(r"\s*(?:\. ?){4,}\s*|\s*\u2026{2,}\s*")

Kind = Literal["text", "row", "code"]


@dataclass(slots=True)
class Paragraph:
    lines: list[Line]
    kind: Kind
    item: str = ""
    """What marks a list's item and is left out, a bullet or a dash. A space stands for a number, which stays."""
    full: bool = field(default=False)
    """Whether the last line reaches the edge, so that the text may go on elsewhere."""

    @property
    def size(self) -> float:
        return self.lines[0].size

    @property
    def bold(self) -> bool:
        return all(line.bold for line in self.lines)


def paragraphs(pages: list[list[Line]]) -> Iterator[list[list[Paragraph]]]:
    """For each page its flows, each the paragraphs of one column or of what stands apart."""
    every = [line for page in pages for line in page]
    leading, fixed = _leading(pages, 1), _mostly_fixed(every)
    for page in pages:
        yield [list(_flow(flow, leading, fixed)) for flow in _flows(page)]


def written(paragraph: Paragraph) -> str:
    """The text on one line, or a block where the lines are code. HYPHEN stands where the end of a line cuts a word."""
    if paragraph.kind == "code":
        return block("\n".join(_code(paragraph.lines)))
    text = paragraph.lines[0].text
    for line in paragraph.lines[1:]:
        text = glued(text, line.text)
    return _LEADERS.sub(" ", text.removeprefix(paragraph.item.strip()).strip())


def glued(text: str, following: str) -> str:
    """A text and its next line: with a space, or with HYPHEN instead of a hyphen that may only cut a word."""
    if _CUT.search(text[-2:]) and following[:1].isalnum():
        return text[:-1] + HYPHEN + following
    if _NO_SPACE.search(text[-2:]) and (following[:1].islower() or following[:1].isdecimal()):
        return text + following
    wide = _WIDE.match(text[-1:]) and _WIDE.match(following)
    return text + following if wide else f"{text} {following}"


def same_size(one: float, two: float) -> bool:
    return abs(one - two) <= _SAME_SIZE * max(one, two)


def goes_on(text: str) -> bool:
    """Whether a text stops in the middle of a sentence."""
    return not (ends_with_stop(text) or text.endswith((":", ";", "\uff1a")))


def _mostly_fixed(lines: list[Line]) -> bool:
    return 2 * sum(len(line.text) for line in lines if line.fixed) > sum(len(line.text) for line in lines)


def _leading(pages: list[list[Line]], least: int) -> dict[int, float]:
    """The usual distance between lines, by rounded font size, where so many pairs of lines tell."""
    found: dict[int, Counter[float]] = {}
    for page in pages:
        for line, following in pairwise(page):
            distance = following.y - line.y
            if same_size(line.size, following.size) and 0.8 * line.size < distance < 3 * line.size:
                found.setdefault(round(line.size), Counter())[round(2 * distance) / 2] += 1
    return {size: _usual(distances) for size, distances in found.items() if distances.total() >= least}


def _usual(distances: Counter[float]) -> float:
    """The smallest distance that is nearly as common as the commonest."""
    most = max(distances.values())
    return min(distance for distance, count in distances.items() if 2 * count >= most)


def _flows(page: list[Line]) -> Iterator[list[Line]]:
    """Cut where the next line does not follow below. What spans two columns is no part of the first."""
    flow: list[Line] = []
    for line in page:
        last = flow[-1] if flow else None
        if last and not _follows(last, line):
            if line.left > last.left and line.y < last.y:  # the next column
                spanning = next((n for n in range(len(flow), 0, -1) if flow[n - 1].right > line.left), 0)
                yield from filter(None, (flow[:spanning], flow[spanning:]))
            else:
                yield flow
            flow = []
        flow.append(line)
    if flow:
        yield flow


def _follows(line: Line, following: Line) -> bool:
    size = max(line.size, following.size)
    aside = following.left > line.right or following.right < line.left
    far = abs(following.left - line.left) > _OTHER_PLACE * size and not _centred(line, following)
    return following.y > line.y - 0.2 * size and not aside and not far


def _centred(line: Line, other: Line) -> bool:
    middles = abs(line.left + line.right - other.left - other.right) / 2
    return middles < line.size and abs(line.left - other.left) > line.size


def _flow(lines: list[Line], leading: dict[int, float], fixed: bool) -> Iterator[Paragraph]:
    for kind, alike in groupby(lines, lambda line: _kind(line, fixed)):
        group = list(alike)
        if kind == "row":
            yield from (Paragraph([line], "row") for line in group)
        elif kind == "code" and len(group) > 1:
            yield Paragraph(group, "code")
        else:
            yield from _prose(group, leading)


def _kind(line: Line, fixed: bool) -> Kind:
    if line.fixed and not fixed:
        return "code"
    return "row" if line.cells > 1 else "text"


def _prose(lines: list[Line], leading: dict[int, float]) -> Iterator[Paragraph]:
    shorts, leading = _meant(lines), leading | _leading([lines], _TELLING)
    current, item = [lines[0]], _mark(lines[0], None, "")
    for index, (last, line) in enumerate(pairwise(lines)):
        mark = _mark(line, None if shorts[index] else last, item)
        after = lines[index + 2] if index + 2 < len(lines) else None
        if mark or shorts[index] or _ends(current, line, after, leading, bool(item)):
            yield Paragraph(current, "text", item, full=not shorts[index])
            current, item = [], mark
        current.append(line)
    edge = max(line.right for line in lines if same_size(line.size, current[-1].size))
    yield Paragraph(current, "text", item, full=current[-1].right > edge - _NEAR_EDGE * current[-1].size)


def _meant(lines: list[Line]) -> list[bool]:
    """For each line but the last whether its end was meant. Where most were, so were those at the end of a sentence."""
    rights: dict[int, float] = {}
    for line in lines:
        rights[round(line.size)] = max(rights.get(round(line.size), 0.0), line.right)
    left = min(line.left for line in lines)
    shorts = [_short(line, following, left, rights[round(line.size)]) for line, following in pairwise(lines)]
    if 2 * sum(shorts) <= len(lines):
        return shorts
    return [short or ends_with_stop(line.text) for short, line in zip(shorts, lines, strict=False)]


def _short(line: Line, following: Line, left: float, right: float) -> bool:
    """Whether the next word would have fitted on the line."""
    if line.text.endswith((HYPHEN, "-")):
        return False
    if _LEADERS.search(line.text):  # a table of contents
        return True
    advance = (following.right - following.left) / max(len(following.text), 1)
    word = following.text.split(None, 1)[0] if following.text.strip() else ""
    width, ended = right - left, not goes_on(line.text)
    if not ended and following.text[:1].islower() and line.right - left > _LOWER_GOES_ON * width:
        return False
    return line.right + (len(word) + 1) * advance < right - (0 if ended else _SLACK * width)


def _mark(line: Line, unfinished: Line | None, item: str) -> str:
    """The mark of the item that the line begins, "" where it begins none. After a full line that does not end a
    sentence only a bullet is one: "on 3. May" may be cut before its number."""
    if bullet := _BULLET.match(line.text):
        return bullet[0]
    ended = unfinished is None or not goes_on(unfinished.text)
    if dash := _DASH.match(line.text):
        return dash[0] if ended or item == dash[0] else ""
    numbered = line.marked or (_NUMBERED.match(line.text) and (ended or item == " "))
    return " " if numbered else ""


def _ends(current: list[Line], line: Line, after: Line | None, leading: dict[int, float], item: bool) -> bool:
    """Whether the paragraph ends before the line."""
    last = current[-1]
    if not same_size(last.size, line.size):
        return True
    distance = line.y - last.y
    usual = leading.get(round(line.size), distance)
    if distance > max(_WIDER * usual, usual + 1):
        return True
    lower = line.text[:1].islower() and goes_on(last.text)
    if last.bold != line.bold and not lower:
        return True
    return not _centred(last, line) and _indented(current, line, after, item)


def _indented(current: list[Line], line: Line, after: Line | None, item: bool) -> bool:
    """Whether the indent of the line begins a paragraph: of the first line, or out again of hanging ones."""
    last, step = current[-1], _INDENT * line.size
    if line.left > last.left + step:
        if len(current) > 1:
            return True
        hanging = item or (after is not None and abs(after.left - line.left) < step / 2)
        return not hanging and not goes_on(last.text)
    if line.left < last.left - step:
        return len(current) > 1 or (item and not goes_on(last.text))
    return False


def _code(lines: list[Line]) -> Iterator[str]:
    left = min(line.left for line in lines)
    characters = sum(len(line.text) for line in lines)
    advance = max(sum(line.right - line.left for line in lines) / max(characters, 1), 0.1)
    for line in lines:
        yield " " * min(round((line.left - left) / advance), 80) + line.text.replace(HYPHEN, "-")
