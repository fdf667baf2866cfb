"""The main text of a page: what the extractor finds, what it dropped between, and without what is furniture.

The extractor (trafilatura) is good at telling where the text of a page stands, and less so at keeping all of it: it
drops summaries, rows, captions and bare words. So its lines are looked up among all lines of the page, and of the lines
around and between them those are put back that are neither links nor furniture.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

import trafilatura
from lxml import etree  # type: ignore[import-untyped]

from agent.sources.html.furniture import (
    asks_for_more,
    is_caption,
    is_cookie_banner,
    is_credit,
    is_furniture_name,
    says_only_when,
)  # fmt: skip
from agent.sources.html.lines import HEADINGS, Line
from agent.sources.html.tree import names_of, tag_of
from agent.text.normal import count_words, ends_with_stop, is_block

# The library warns of each page that it finds empty; our errors say that already.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
# What the extractor raises on pages that no browser would mind, e.g. one that begins with <math>.
_EXTRACTOR_ERRORS = (
    AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError, etree.LxmlError,
)  # fmt: skip

_MENUS = frozenset({"nav", "footer", "menu"})
_FURNITURE_TAGS = _MENUS | {"aside", "form", "fieldset", "search"}
_NEVER_FURNITURE = frozenset({"html", "body", "main", "article"})
_ITEMS = frozenset({"li", "dd", "dt", "tr", "td", "th"})
_SENTENCE_INSIDE = re.compile(r"\w{3}[.!?] \w")
_EQUATION = re.compile(r"[=\u2248\u2264\u2265\u2211\u222b]")
_LETTERS = re.compile(r"[\W_]+")

# Found by trial on trafilatura's own evaluation pages.
_SHORT_LETTERS = 24  # so short a line is only found where a whole line of the extractor says the same
_HOME_SHARE = 0.85  # of the letters that were found stand in the element that holds the text
_PROSE_WORDS = 8
_CAPTION_WORDS = 6
_HEADING_WORDS = 12  # a heading of at least so many words is a paragraph in large letters
_LINES_UNDER = 3  # among so many lines under a heading one must be kept
_LINES_OF_HEAD = 30  # between the headline and the text: summary, by-line, pictures
_LINKED, _MOSTLY_LINKED = 0.4, 0.65  # share of a line's letters


def found_by_extractor(root: etree._Element, url: str) -> str:
    """The extractor's choice, a line each; "" where it finds none."""
    source = etree.tostring(root, encoding="unicode", method="html")
    try:
        found = trafilatura.bare_extraction(source, url=url or None, include_comments=False)
    except _EXTRACTOR_ERRORS:
        return ""
    return "" if found is None or isinstance(found, dict) else found.text or ""


def main_lines(every: Sequence[Line], found: str) -> list[Line]:
    """The lines of the main text among all of a page; none where the extractor found none of them."""
    seen = _seen(every, found)
    return _Choice(every, seen).lines() if any(seen) else []


def outside_furniture(every: Sequence[Line]) -> list[Line]:
    """All lines but those in menus, footers, banners and the like, and those that only lead elsewhere."""
    furniture = _Furniture()
    kept = [line for line in every if line.element not in furniture and not _is_aside(line)]
    linked = [line for line in kept if line.linked > _MOSTLY_LINKED]
    return kept if 2 * len(linked) > len(kept) else [line for line in kept if line.linked <= _MOSTLY_LINKED]


def _is_aside(line: Line) -> bool:
    return asks_for_more(line) or is_credit(line.text) or is_cookie_banner(line.text)


def outside_menus(every: Sequence[Line]) -> list[Line]:
    """All lines but those in what the page itself marks as a menu, a form, a footer or the like."""
    return [line for line in every if not any(tag_of(each) in _FURNITURE_TAGS for each in _around(line.element))]


class _Furniture:
    """The elements that stand around a text, by their tags and names."""

    def __init__(self, text: Sequence[etree._Element] = ()) -> None:
        self.known = dict.fromkeys(text, False)

    def __contains__(self, element: etree._Element) -> bool:
        path = []
        for each in _around(element):
            if each in self.known:
                break
            path.append(each)
        inside = self.known.get(path[-1].getparent() if path else element, False)
        for each in reversed(path):
            inside = inside or _is_named_furniture(each)
            self.known[each] = inside
        return inside


def _is_named_furniture(element: etree._Element) -> bool:
    tag = tag_of(element)
    return tag not in _NEVER_FURNITURE and (tag in _FURNITURE_TAGS or is_furniture_name(names_of(element)))


class _Choice:
    """All lines of a page, and which of them the extractor saw."""

    def __init__(self, every: Sequence[Line], seen: Sequence[bool]) -> None:
        self.every, self.seen = every, seen
        around = _around(_home(every, seen))
        self.home, self.outside = around[0], frozenset(around)
        self.furniture = _Furniture(around)
        self.first = seen.index(True)
        self.last = len(seen) - 1 - seen[::-1].index(True)

    def lines(self) -> list[Line]:
        kept = [self._keeps(index, line) for index, line in enumerate(self.every)]
        self._add_lead(kept)
        self._drop_links(kept)
        self._drop_headings(kept)
        self._drop_ends(kept)
        return [line for line, keep in zip(self.every, kept, strict=True) if keep]

    def _keeps(self, index: int, line: Line) -> bool:
        around = _around(line.element)
        inside = self.home in around
        if self.seen[index]:
            menu = any(tag_of(each) in _MENUS for each in around if each not in self.outside)
            return not menu and not is_credit(line.text) and (inside or not is_cookie_banner(line.text))
        between = self.first < index < self.last and inside
        return between and line.element not in self.furniture and _is_text(line)

    def _add_lead(self, kept: list[bool]) -> None:
        """The summary between the headline and the first line that was found."""
        above = range(self.first - 1, max(-1, self.first - 1 - _LINES_OF_HEAD), -1)
        start = next((index for index in above if tag_of(self.every[index].element) == "h1"), self.first)
        for index in range(start + 1, self.first):
            line = self.every[index]
            prose = count_words(line.text) >= _PROSE_WORDS and line.linked < _LINKED and not is_caption(line)
            kept[index] = prose and line.element not in self.furniture and not _is_aside(line)

    def _drop_links(self, kept: list[bool]) -> None:
        """Lines that only lead elsewhere, where the text is not made of them."""
        linked = [index for index, keep in enumerate(kept) if keep and self._leads_elsewhere(self.every[index])]
        if 2 * len(linked) > sum(kept):
            linked = []
        more = [index for index, keep in enumerate(kept) if keep and asks_for_more(self.every[index])]
        for index in (*linked, *more):
            kept[index] = False

    def _leads_elsewhere(self, line: Line) -> bool:
        return line.linked > _MOSTLY_LINKED and "://" not in line.text and "@" not in line.text

    def _drop_headings(self, kept: list[bool]) -> None:
        """A heading goes with the lines under it."""
        for index in range(len(kept) - 1, -1, -1):
            line = self.every[index]
            if kept[index] and tag_of(line.element) in HEADINGS and count_words(line.text) < _HEADING_WORDS:
                kept[index] = any(kept[index + 1 : index + 1 + _LINES_UNDER])

    def _drop_ends(self, kept: list[bool]) -> None:
        """Takes away dates before the first and behind the last paragraph."""
        texts = [index for index, keep in enumerate(kept) if keep]
        prose = [index for index in texts if count_words(self.every[index].text) >= _PROSE_WORDS]
        for index in texts if prose else ():
            if not prose[0] < index < prose[-1] and says_only_when(self.every[index].text):
                kept[index] = False


def _is_text(line: Line) -> bool:
    """Whether a line that the extractor dropped is put back."""
    if is_block(line.text):
        return True
    words, ended = count_words(line.text), ends_with_stop(line.text)
    if line.linked > _LINKED or is_credit(line.text) or says_only_when(line.text):
        return False
    if is_caption(line):
        return words >= _CAPTION_WORDS and (ended or _SENTENCE_INSIDE.search(line.text) is not None)
    if tag_of(line.element) in HEADINGS | _ITEMS or _stands_in_item(line.element):
        return words > 1
    return (ended and words >= _PROSE_WORDS) or line.text.endswith(":") or _EQUATION.search(line.text) is not None


def _stands_in_item(element: etree._Element) -> bool:
    """Whether it is a paragraph of a list: editors write <li><p>."""
    parent = element.getparent()
    return tag_of(element) == "p" and parent is not None and tag_of(parent) in _ITEMS


def _seen(every: Sequence[Line], found: str) -> list[bool]:
    whole = _key(found)
    alone = {_key(line) for line in found.split("\n")}
    return [_is_seen(_key(line.text), whole, alone) for line in every]


def _is_seen(key: str, whole: str, alone: set[str]) -> bool:
    """Whether the extractor gave a line, or at least half of it."""
    if len(key) < _SHORT_LETTERS:
        return key in alone and key != ""
    if key in whole:
        return True
    pieces = [key[start : start + _SHORT_LETTERS] for start in range(0, len(key) - _SHORT_LETTERS + 1, _SHORT_LETTERS)]
    return 2 * sum(piece in whole for piece in pieces) >= len(pieces)


def _key(text: str) -> str:
    return _LETTERS.sub("", text).casefold()


def _around(element: etree._Element) -> list[etree._Element]:
    return [element, *element.iterancestors()]


def _home(every: Sequence[Line], seen: Sequence[bool]) -> etree._Element:
    """The smallest element that holds most of what was found."""
    weight: dict[etree._Element, int] = {}
    for line, is_seen in zip(every, seen, strict=True):
        for element in _around(line.element) if is_seen else ():
            weight[element] = weight.get(element, 0) + len(line.text)
    most = max(weight.values())
    deep = [element for element, letters in weight.items() if letters >= _HOME_SHARE * most]
    return max(deep, key=lambda element: len(_around(element)))
