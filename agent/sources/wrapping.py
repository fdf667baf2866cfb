"""Text whose lines were broken by hand or by an editor: which breaks were meant, and which only wrap a long line.

A line is wrapped because the next word did not fit into the width of the text. So a break was meant where that word
would have fitted, where the next line begins an item of a list, a speech or a row, and where a sentence ends before the
line is full. Verses break where they like: a stanza stays one paragraph.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from agent.text.normal import UNSPACED, block, clean, count_words, normalize

_STOPS = (".", "!", "?", "\u2026", ":", "\u3002", "\uff01", "\uff1f", '"', "\u201d", "\u300d", "\u00bb", ".)", "|")
_RUNS_ON = (",", ";", "-", "\u2010", "\u2013", "\u2014", "(", "/", "&", "\u060c", "\uff0c", "\u3001")
_FULL_LINE = 0.8  # of the width: a line that could hold the next word within this was ended on purpose
_WRAPPED_SHARE = 0.25  # of the lines below a first one begin with a small letter where prose is wrapped
_LIST_WIDTH, _VERSE_WIDTH = 50, 64  # characters: lines of fewer are as likely a list or verses as wrapped prose
_FIRST_UNSPACED = "\u0e00"  # no letter below needs more than spaces between lines
_UNSPACED_LINE = 12  # characters: a shorter line without spaces is a name
_LONGEST_WORD = 60  # characters
_HANGING = 2  # spaces that set a first line of a paragraph, or the rest of an item, apart

_BULLET = re.compile(r"(?P<kind>[-*+\u2022\u2023\u2043\u25aa\u25cf\u25e6\u00b7\u2013\u2014]|o(?= {2}))[ \t]+\S")
_NUMBER = re.compile(
    r"(?:\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)]|\(?[A-Z]\)|[IVX]{1,4}\.)[ \t]+\S|\d{1,3}(?:\.\d{1,3})+\.?[ \t]+[^\Wa-z\d]"
)
_NO_MARK = re.compile(r"[a-z][a-z]{4}|[a-z][a-z]{1,3} |[A-Z][a-z]+ [a-z]+ [a-z]")  # most lines of prose
_SPEAKER = re.compile(r"[^\W\d_a-z][\w .'()/-]{0,30}:(?=\s|$)")
_STAMP = re.compile(r"[\[(<]?(?:\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[./]\d\d?[./]\d{2,4}|\d\d?:\d\d(?::\d\d)?)\b")
_RULE = re.compile(r"[\s=_~*#+|-]{3,}")
_CELLS = re.compile(r"(?<=\S)(?:\t+| {3,})(?=\S)")
_CODE = re.compile(
    r"[;{}]\s*$|^\s*(?:\$|>>>|#!|#include\b|//|/\*|</?\w|def |class |import |from \w+ import|return\b|let |const |var "
    r"|(?:el)?if .*:$|for .*:$)|\w\([^()]*\)\s*$|\w\s?(?:=|\+=|:=|==|->|=>)\s?[\w\"'(\[{]"
)
_HYPHEN = re.compile(r"[^\W\d_][-\u2010]$")
_BLANK_LINES = re.compile(r"\n[ \t]*\n")
_QUOTED = re.compile(r"^(?:>[ ]?)+", re.MULTILINE)
_SET_IN = re.compile(r"^\s", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]*(?=\S)", re.MULTILINE)
_FIRST_WORD, _LAST_WORD = re.compile(r"[^\W\d_]+"), re.compile(r"([^\W\d_]+).$")
_SUSPENDED = re.compile(r"(?:and|or|und|oder|et|ou|y|o|e)\b")


@dataclass(slots=True)
class _Line:
    """A line without the space around it. `mark` is the kind of item that begins here, "" where none does."""

    text: str
    indent: int
    mark: str
    stops: bool
    runs_on: bool


@dataclass(slots=True)
class _Chunk:
    """Lines without a blank one between them. `goes_on` says of each but the last whether its sentence surely runs over
    the break, `own` is the length of the longest in characters."""

    lines: list[_Line]
    goes_on: list[bool]
    own: int

    @classmethod
    def of(cls, lines: list[_Line]) -> _Chunk:
        return cls(lines, [_goes_on(*pair) for pair in pairwise(lines)], max(len(line.text) for line in lines))

    @property
    def is_wrapped(self) -> bool:
        """Whether it is prose of its own width, e.g. a narrow quotation."""
        return any(self.goes_on) and sum(self.goes_on) >= _WRAPPED_SHARE * len(self.goes_on)


def unwrap(text: str) -> str:
    """Tidied text: prose in one line a paragraph, items, speeches and rows apart, indented code as blocks."""
    text = clean(text)
    chunks = [_Chunk.of(lines) for lines in map(_lines, _BLANK_LINES.split(text)) if lines]
    width = _wrap_width(chunks)

    @cache
    def base() -> int:
        return min((len(found.expandtabs(4)) for found in _INDENT.findall(text)), default=0)

    @cache
    def known() -> frozenset[str]:
        return frozenset(_FIRST_WORD.findall(text))

    pieces = (piece for chunk in chunks for piece in _pieces(chunk, width, base, known))
    return "\n\n".join(filter(None, pieces))


def _lines(chunk: str) -> list[_Line]:
    if chunk[:1] == ">" and all(line[:1] == ">" for line in chunk.split("\n")):  # a quotation, as in mail
        chunk = _QUOTED.sub("", chunk)
    if "\n" not in chunk:  # most paragraphs of most files
        text = chunk.strip()
        return [_Line(text, 0, "", False, False)] if text and not _is_rule(text) else []
    if _SET_IN.search(chunk):
        raw = [line.expandtabs(4) if line[:1] == "\t" else line for line in chunk.split("\n")]
        found = [(line.strip(), len(line) - len(line.lstrip())) for line in raw]
    else:
        found = [(line.rstrip(), 0) for line in chunk.split("\n")]
    return [
        _Line(text, indent, _mark(text), text.endswith(_STOPS), text.endswith(_RUNS_ON))
        for text, indent in found
        if text and not _is_rule(text)
    ]


def _is_rule(text: str) -> bool:
    """Whether a line is drawn, not written: dashes, stars."""
    return not text[0].isalnum() and _RULE.fullmatch(text) is not None and len(set(text) - {" "}) <= 2


def _mark(text: str) -> str:
    if _NO_MARK.match(text):
        return ""
    if match := _BULLET.match(text):
        return match.group("kind")
    if _NUMBER.match(text):
        return "1"
    if _STAMP.match(text):
        return "stamp"
    return "speaker" if _SPEAKER.match(text) else ""


def _wrap_width(chunks: Sequence[_Chunk]) -> int:
    """The width at which the text as a whole was wrapped, in characters; 0 where nothing tells that it was."""
    inside = sorted(
        len(line.text) for chunk in chunks for line, goes_on in zip(chunk.lines, chunk.goes_on, strict=False) if goes_on
    )
    if not inside:
        return 0
    usual = inside[len(inside) // 2]
    return max(length for length in inside if length <= 1.3 * usual)


def _goes_on(line: _Line, following: _Line) -> bool:
    if line.stops or following.mark:
        return False
    first = following.text[0]
    if first < "\x7f":
        return first.islower()
    return first.islower() or (_unspaced(first) and _unspaced(line.text[-1]) and len(line.text) >= _UNSPACED_LINE)


def _unspaced(character: str) -> bool:
    return character >= _FIRST_UNSPACED and UNSPACED.match(character) is not None


def _pieces(chunk: _Chunk, width: int, base: Callable[[], int], known: Callable[[], frozenset[str]]) -> Iterator[str]:
    """The paragraphs and blocks of a chunk."""
    lines = chunk.lines
    if len(lines) == 1:
        yield " ".join(lines[0].text.split())
    elif all(line.indent >= _HANGING for line in lines) and _is_code(lines) and _is_set_in(lines, base()):
        yield block("\n".join(" " * line.indent + line.text for line in lines))
    elif _is_table(lines):
        yield from (normalize(_CELLS.sub(", ", line.text)) for line in lines)
    else:
        for pieces in _paragraphs(chunk, width, known):
            text = "".join(pieces)
            yield " ".join(text.split()) if max(text) < _FIRST_UNSPACED else normalize(text)


def _is_set_in(lines: Sequence[_Line], base: int) -> bool:
    return all(line.indent >= base + _HANGING for line in lines)


def _paragraphs(chunk: _Chunk, width: int, known: Callable[[], frozenset[str]]) -> list[list[str]]:
    marks = _marks(chunk.lines)
    breaks = _breaks(chunk, marks, width)
    said = [[chunk.lines[0].text]]
    item = chunk.lines[0] if marks[0] else None
    for number, (line, following) in enumerate(pairwise(chunk.lines), 1):
        if marks[number] or (_leaves(item, following) and breaks.meant(line, following)):
            said.append([following.text])
            item = following if marks[number] else None
        else:
            said[-1] += _joint(said[-1].pop(), following.text, known)
    return said


def _leaves(item: _Line | None, following: _Line) -> bool:
    """Whether a line can stand outside the item above it: what is set in below the item's own words belongs to it."""
    return item is None or following.indent < item.indent + _HANGING


@dataclass(frozen=True, slots=True)
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
        if line.stops:
            set_in = following.indent >= line.indent + _HANGING
            return set_in or not self.wrapped or needed <= self.full or line.text.endswith(("|", ":"))
        if line.runs_on:
            return False
        if line.text.isupper() and not following.text.isupper() and count_words(line.text) > 1:
            return True
        return needed <= _FULL_LINE * self.full


def _breaks(chunk: _Chunk, marks: Sequence[bool], width: int) -> _Breaks:
    stanza = not any(marks) and _is_stanza(chunk)
    if chunk.is_wrapped:
        return _Breaks(chunk.own, True, stanza)
    return _Breaks(max(chunk.own, width, _LIST_WIDTH), False, stanza)


def _first_word(text: str) -> int:
    """How much room the first word of a line needs at the end of the line above, in characters."""
    if _unspaced(text[0]):
        return 1
    end = text.find(" ")
    return 1 + (end if end > 0 else len(text))


def _marks(lines: Sequence[_Line]) -> list[bool]:
    """Which lines begin an item. One mark alone may be a dash or a number that was wrapped to the front of a line."""
    kinds = [line.mark for line in lines]
    if not any(kinds):
        return [False] * len(kinds)
    sure = {kind for kind, count in Counter(kinds).items() if kind and (count > 1 or kinds[0] == kind)}
    marks = [kind in sure for kind in kinds]
    for number, line in enumerate(lines[:-1], 1):
        if kinds[number] in ("1", "-", "*", "\u2022") and line.stops:
            marks[number] = True
        if kinds[number] == "speaker" and line.runs_on:  # "Word:" in the middle of a sentence
            marks[number] = False
    return marks


def _is_stanza(chunk: _Chunk) -> bool:
    """Verses: short lines that mostly end where the next word would have fitted, but run on into each other."""
    if chunk.own > _VERSE_WIDTH:
        return False
    pairs = list(pairwise(chunk.lines))
    early = sum(len(a.text) + _first_word(b.text) <= chunk.own for a, b in pairs)
    running = sum(a.runs_on or goes_on for (a, _), goes_on in zip(pairs, chunk.goes_on, strict=True))
    return early >= len(pairs) / 2 and running >= len(pairs) / 2


def _is_table(lines: Sequence[_Line]) -> bool:
    if not any("\t" in line.text or "   " in line.text for line in (lines[0], lines[-1])):
        return False
    rows = sum(_CELLS.search(line.text) is not None for line in lines)
    return rows >= 2 and rows >= 0.8 * len(lines)


def _is_code(lines: Sequence[_Line]) -> bool:
    return sum(_CODE.search(line.text) is not None for line in lines) >= 0.6 * len(lines)


def _joint(line: str, following: str, known: Callable[[], frozenset[str]]) -> tuple[str, str]:
    """Two lines of a paragraph as they are to be joined. A word that a hyphen cuts in two is written as the rest of the
    text writes it."""
    cut = line.endswith(("-", "\u2010")) and _HYPHEN.search(line[-2:]) is not None and following[0].islower()
    if not cut or _SUSPENDED.match(following):
        return line, f"\n{following}"
    first, rest = _LAST_WORD.search(line[-_LONGEST_WORD:]), _FIRST_WORD.match(following)
    whole = first.group(1) + rest.group() if first and rest else ""
    return (line[:-1] if whole in known() else line), following
