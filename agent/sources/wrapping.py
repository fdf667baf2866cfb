"""Text whose lines were broken by hand or by an editor: which breaks were meant, and which only wrap a long line.

A line is wrapped because the next word did not fit into the width of the text. So a break was meant where that word
would have fitted, where the next line begins an item of a list, a speech or a row, and where a sentence ends before the
line is full. Verses break where they like: a stanza stays one paragraph.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from agent.text.normal import UNSPACED, block, clean, count_words, normalize, tidy

_STOPS = (".", "!", "?", "\u2026", ":", "\u3002", "\uff01", "\uff1f", '"', "\u201d", "\u300d", "\u00bb", ".)", "|")
_RUNS_ON = (",", ";", "-", "\u2010", "\u2013", "\u2014", "(", "/", "&", "\u060c", "\uff0c", "\u3001")
_FULL_LINE = 0.8  # of the width: a line that could hold the next word within this was ended on purpose
_WRAPPED_SHARE = 0.25  # of the lines below a first one begin with a small letter where prose is wrapped
_LIST_WIDTH, _VERSE_WIDTH = 50, 64  # characters: lines of fewer are as likely a list or verses as wrapped prose
_UNSPACED_LINE = 12  # characters: a shorter line without spaces is a name
_LONGEST_WORD = 60  # characters
_HANGING = 2  # spaces that set a first line of a paragraph, or the rest of an item, apart

_BULLET = re.compile(r"(?P<kind>[-*+\u2022\u2023\u2043\u25aa\u25cf\u25e6\u00b7\u2013\u2014]|o(?= {2}))[ \t]+\S")
_NUMBER = re.compile(
    r"(?:\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)]|\(?[A-Z]\)|[IVX]{1,4}\.)[ \t]+\S|\d{1,3}(?:\.\d{1,3})+\.?[ \t]+[^\Wa-z\d]"
)
_SPEAKER = re.compile(r"[^\W\d_a-z][\w .'()/-]{0,30}:(?=\s|$)")
_STAMP = re.compile(r"[\[(<]?(?:\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[./]\d\d?[./]\d{2,4}|\d\d?:\d\d(?::\d\d)?)\b")
_RULE = re.compile(r"[\s=_~*#+|-]{3,}")
_CELLS = re.compile(r"(?<=\S)(?:\t+| {3,})(?=\S)")
_CODE = re.compile(
    r"[;{}]\s*$|^\s*(?:\$|>>>|#!|#include\b|//|/\*|</?\w|def |class |import |from \w+ import|return\b|let |const |var "
    r"|(?:el)?if .*:$|for .*:$)|\w\([^()]*\)\s*$|\w\s?(?:=|\+=|:=|==|->|=>)\s?[\w\"'(\[{]"
)
_HYPHEN = re.compile(r"[^\W\d_][-\u2010]$")
_FIRST_WORD, _LAST_WORD = re.compile(r"[^\W\d_]+"), re.compile(r"([^\W\d_]+).$")
_SUSPENDED = re.compile(r"(?:and|or|und|oder|et|ou|y|o|e)\b")


@dataclass(frozen=True)
class _Line:
    text: str
    indent: int

    @property
    def mark(self) -> str:
        """The kind of item that begins here, "" where none does."""
        if match := _BULLET.match(self.text):
            return match.group("kind")
        if _NUMBER.match(self.text):
            return "1"
        if _STAMP.match(self.text):
            return "stamp"
        return "speaker" if _SPEAKER.match(self.text) else ""


def unwrap(text: str) -> str:
    """Tidied text: prose in one line a paragraph, items, speeches and rows apart, indented code as blocks."""
    chunks = [chunk for chunk in map(_lines, re.split(r"\n[ \t]*\n", clean(text))) if chunk]
    width = _wrap_width(chunks)
    base = min((line.indent for chunk in chunks for line in chunk), default=0)
    known = frozenset(re.findall(r"[^\W\d_]+", text)) if re.search(r"[^\W\d_][-\u2010]\n", text) else frozenset()
    return tidy("\n\n".join(_paragraphs(chunk, width, base, known) for chunk in chunks))


def _lines(chunk: str) -> list[_Line]:
    raw = (line.expandtabs(4) if line[:1] in " \t" else line for line in chunk.split("\n"))
    found = [_Line(line.strip(), len(line) - len(line.lstrip())) for line in raw if line.strip()]
    return [line for line in found if not (_RULE.fullmatch(line.text) and len(set(line.text) - {" "}) <= 2)]


def _wrap_width(chunks: Sequence[Sequence[_Line]]) -> int:
    """The width at which the text as a whole was wrapped, in characters; 0 where nothing tells that it was."""
    inside = sorted(
        len(line.text) for chunk in chunks for line, following in pairwise(chunk) if _goes_on(line, following)
    )
    if not inside:
        return 0
    usual = inside[len(inside) // 2]
    return max(length for length in inside if length <= 1.3 * usual)


def _goes_on(line: _Line, following: _Line) -> bool:
    """Whether a sentence surely runs over the break."""
    first, last = following.text[0], line.text[-1]
    unspaced = UNSPACED.match(first) and UNSPACED.match(last) and len(line.text) >= _UNSPACED_LINE
    return bool(first.islower() or unspaced) and not line.text.endswith(_STOPS) and not following.mark


def _paragraphs(chunk: Sequence[_Line], width: int, base: int, known: frozenset[str]) -> str:
    if all(line.indent >= base + _HANGING for line in chunk) and _is_code(chunk):
        return block("\n".join(" " * line.indent + line.text for line in chunk))
    if _is_table(chunk):
        return "\n\n".join(_CELLS.sub(", ", line.text) for line in chunk)
    marks = _marks(chunk)
    breaks = _breaks(chunk, marks, width)
    said = [[chunk[0].text]]
    item = chunk[0] if marks[0] else None
    for number, (line, following) in enumerate(pairwise(chunk), 1):
        if marks[number] or (_leaves(item, following) and breaks.meant(line, following)):
            said.append([following.text])
            item = following if marks[number] else None
        else:
            said[-1] += _joint(said[-1].pop(), following.text, known)
    return "\n\n".join(normalize("".join(pieces)) for pieces in said)


def _leaves(item: _Line | None, following: _Line) -> bool:
    """Whether a line can stand outside the item above it: what is set in below the item's own words belongs to it."""
    return item is None or following.indent < item.indent + _HANGING


@dataclass(frozen=True)
class _Breaks:
    """Which breaks of one chunk were meant. `full` is the width in characters that its lines could have had; `wrapped`
    says that its sentences surely run over the breaks."""

    full: int
    wrapped: bool
    stanza: bool

    def meant(self, line: _Line, following: _Line) -> bool:
        if self.stanza:
            return False
        needed = len(line.text) + _first_word(following.text)
        if line.text.endswith(_STOPS):
            set_in = following.indent >= line.indent + _HANGING
            return set_in or not self.wrapped or needed <= self.full or line.text.endswith(("|", ":"))
        if line.text.endswith(_RUNS_ON):
            return False
        if line.text.isupper() and not following.text.isupper() and count_words(line.text) > 1:
            return True
        return needed <= _FULL_LINE * self.full


def _breaks(chunk: Sequence[_Line], marks: Sequence[bool], width: int) -> _Breaks:
    own = max(len(line.text) for line in chunk)
    if _is_wrapped(chunk):
        return _Breaks(own, True, _is_stanza(chunk, marks))
    return _Breaks(max(own, width, _LIST_WIDTH), False, _is_stanza(chunk, marks))


def _first_word(text: str) -> int:
    """How much room the first word of a line needs at the end of the line above, in characters."""
    return 1 if UNSPACED.match(text) else 1 + len(text.split(None, 1)[0])


def _is_wrapped(chunk: Sequence[_Line]) -> bool:
    """Whether a chunk is prose of its own width, e.g. a narrow quotation."""
    small = sum(_goes_on(line, following) for line, following in pairwise(chunk))
    return small > 0 and small >= _WRAPPED_SHARE * (len(chunk) - 1)


def _marks(chunk: Sequence[_Line]) -> list[bool]:
    """Which lines begin an item. One mark alone may be a dash or a number that was wrapped to the front of a line."""
    kinds = [line.mark for line in chunk]
    sure = {kind for kind, count in Counter(kinds).items() if kind and (count > 1 or kinds[0] == kind)}
    marks = [kind in sure for kind in kinds]
    for number, line in enumerate(chunk[:-1], 1):
        if kinds[number] in ("1", "-", "*", "\u2022") and line.text.endswith(_STOPS):
            marks[number] = True
        if kinds[number] == "speaker" and line.text.endswith(_RUNS_ON):  # "Word:" in the middle of a sentence
            marks[number] = False
    return marks


def _is_stanza(chunk: Sequence[_Line], marks: Sequence[bool]) -> bool:
    """Verses: short lines that mostly end where the next word would have fitted, but run on into each other."""
    if len(chunk) < 2 or any(marks):
        return False
    own = max(len(line.text) for line in chunk)
    pairs = list(pairwise(chunk))
    early = sum(len(a.text) + _first_word(b.text) <= own for a, b in pairs)
    running = sum(a.text.endswith(_RUNS_ON) or _goes_on(a, b) for a, b in pairs)
    return own <= _VERSE_WIDTH and early >= len(pairs) / 2 and running >= len(pairs) / 2


def _is_table(chunk: Sequence[_Line]) -> bool:
    rows = sum(_CELLS.search(line.text) is not None for line in chunk)
    return rows >= 2 and rows >= 0.8 * len(chunk)


def _is_code(chunk: Sequence[_Line]) -> bool:
    return sum(_CODE.search(line.text) is not None for line in chunk) >= 0.6 * len(chunk)


def _joint(line: str, following: str, known: frozenset[str]) -> tuple[str, str]:
    """Two lines of a paragraph as they are to be joined. A word that a hyphen cuts in two is written as the rest of the
    text writes it."""
    if not _HYPHEN.search(line[-2:]) or not following[:1].islower() or _SUSPENDED.match(following):
        return line, f"\n{following}"
    first, rest = _LAST_WORD.search(line[-_LONGEST_WORD:]), _FIRST_WORD.match(following)
    whole = first.group(1) + rest.group() if first and rest else ""
    return (line[:-1] if whole in known else line), following
