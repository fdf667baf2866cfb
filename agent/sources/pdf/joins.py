"""Paragraphs as one text: what goes on in the next column or on the next page, and words that a line end cuts."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import dropwhile, takewhile

from agent.sources.pdf.paragraphs import Paragraph, glued, goes_on, same_size, written
from agent.sources.pdf.runs import HYPHEN
from agent.text.normal import count_words, wording

# At most so many letters and parts, so that no garbage takes time that grows with its square.
_CUT = re.compile(rf"([^\W_]{{1,50}}(?:[-\u2010'\u2019][^\W_]{{1,50}}){{0,5}}){HYPHEN}([^\W_]{{1,50}})")
_WORD = re.compile(rf"[^\W_]+(?:[-\u2010][^\W_]+)*(?!{HYPHEN})")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
"""Signs that mean something in one font only."""
_CAPTION = re.compile(r"(?:fig(?:ure|\.)?|table|tab\.|chart|photo|abb(?:ildung|\.)|tabelle) ?\d", re.IGNORECASE)
_SECTION = re.compile(r"\d{1,2}(?:\.\d{1,2})*\.?\s|.?\Z")
"""Begins a heading inside the text; a single character is a drop cap."""
_ASIDES = 8  # so many notes and captions may stand between a sentence and its next column
_SMALLER, _LARGER = 0.95, 1.15  # than the text
_TITLE_WORDS = 40
_LONG = 60  # characters: shorter ones may be headings without a stop
_FIRST_PARTS = frozenset({
    "well", "self", "all", "half", "long", "short", "high", "low",
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
})  # fmt: skip
"""Of words that are written with a hyphen."""


@dataclass(slots=True)
class _Part:
    text: str
    paragraph: Paragraph
    page: int


def compose(pages: list[list[list[Paragraph]]], title: str) -> tuple[str, str]:
    """The title, else the largest text of the first page with text; and the text of all pages without it."""
    parts, size = _parts(pages), _text_size(pages)
    heading = _heading(parts, size)
    said = _resolved(" ".join(part.text for part in heading), Counter())
    if not title or wording(title) == wording(said):
        title, parts = said, [part for part in parts if part not in heading]
    text = "\n\n".join(part.text for part in parts)
    return title, _resolved(text, Counter(word.casefold() for word in _WORD.findall(text)))


def _text_size(pages: list[list[list[Paragraph]]]) -> float:
    """The font size of most characters."""
    sizes: Counter[float] = Counter()
    for line in (line for page in pages for flow in page for paragraph in flow for line in paragraph.lines):
        sizes[round(line.size, 1)] += len(line.text)
    return max(sizes, key=sizes.__getitem__, default=1.0)


def _heading(parts: list[_Part], size: float) -> list[_Part]:
    """The largest text of the first page, where it is larger than the text and no longer than titles are."""
    first = [part for part in parts if part.page == parts[0].page and part.paragraph.kind == "text"]
    large = [part for part in first if part.paragraph.size > _LARGER * size and not _SECTION.match(part.text)]
    largest = max((part.paragraph.size for part in large), default=0.0)
    heading = list(takewhile(
        lambda part: same_size(part.paragraph.size, largest),
        dropwhile(lambda part: not same_size(part.paragraph.size, largest), first),
    ))  # fmt: skip
    words = count_words(" ".join(part.text for part in heading))
    return heading if 2 <= words <= _TITLE_WORDS and len(heading) < len(parts) else []


def _parts(pages: list[list[list[Paragraph]]]) -> list[_Part]:
    parts: list[_Part] = []
    size = _text_size(pages)
    for number, page in enumerate(pages):
        for flow in page:
            first = True  # of the flow's text, beside notes and captions
            for paragraph in flow:
                part = _Part(written(paragraph), paragraph, number)
                cut = _unfinished(parts, part, size) if first else None
                if parts and _drop_cap(parts[-1], paragraph):
                    parts[-1] = replace(part, text=parts[-1].text + part.text)
                elif cut:
                    cut.text, cut.paragraph, cut.page = glued(cut.text, part.text), paragraph, number
                else:
                    parts.append(part)
                first = first and _aside(part, size)
    return parts


def _drop_cap(part: _Part, paragraph: Paragraph) -> bool:
    """Whether a part is the large first letter of the paragraph."""
    return len(part.text) == 1 and part.text.isupper() and part.paragraph.size > 1.5 * paragraph.size


def _aside(part: _Part, size: float) -> bool:
    """Whether a part is a note, a caption or a table, around which the text goes on."""
    small = part.paragraph.size < _SMALLER * size
    return small or part.paragraph.kind != "text" or _CAPTION.match(part.text) is not None


def _unfinished(parts: list[_Part], part: _Part, size: float) -> _Part | None:
    """The part that goes on with this one, which stands at the top of another column or page."""
    last = next((other for other in parts[: -_ASIDES - 1 : -1] if not _aside(other, size)), None)
    if last is None or part.paragraph.item or _aside(part, size):
        return None
    elsewhere = part.page > last.page or part.paragraph.lines[0].y < last.paragraph.lines[-1].y
    alike = same_size(last.paragraph.size, part.paragraph.size) and last.paragraph.bold == part.paragraph.bold
    full = last is parts[-1] and last.paragraph.full and len(last.text) >= _LONG
    return (
        last
        if elsewhere and alike and goes_on(last.paragraph.lines[-1].text) and (part.text[:1].islower() or full)
        else None
    )


def _resolved(text: str, seen: Counter[str]) -> str:
    """The text with each cut word put together, with or without its hyphen."""
    while (joined := _CUT.sub(lambda cut: _whole(cut[1], cut[2], seen), text)) != text:  # words over three lines
        text = joined
    return _PRIVATE.sub("", text).replace(HYPHEN, "-")


def _whole(first: str, rest: str, seen: Counter[str]) -> str:
    """A word that a line end cut: as the text writes it elsewhere. Else the hyphen is the word's own before a capital
    or a number, after an earlier hyphen, and after first parts like "well"."""
    joined, hyphenated = first + rest, f"{first}-{rest}"
    if seen[joined.casefold()] or seen[hyphenated.casefold()]:
        return joined if seen[joined.casefold()] >= seen[hyphenated.casefold()] else hyphenated
    capital = rest[0].isupper() and not first.isupper()
    own = capital or rest[0].isdigit() or first[-1].isdigit() or "-" in first
    return hyphenated if own or (first.casefold() in _FIRST_PARTS and len(rest) > 3) else joined
