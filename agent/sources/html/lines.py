"""A tree as lines: paragraphs, list items, table rows and definitions in one line each; code as a block.

A line break in the source is a space, as in a browser. A <br> ends a line where what stands before it is a line of its
own; where it only wraps a sentence, it is a space too.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]

from agent.sources.html.preformatted import preformatted
from agent.sources.html.tables import table_lines
from agent.sources.html.tree import names_of, tag_of
from agent.text.normal import count_words, ends_with_stop, one_line

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
BLOCKS = HEADINGS | {
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html", "legend", "li",
    "listing", "main", "menu", "nav", "ol", "p", "plaintext", "pre", "search", "section", "summary", "table", "tbody",
    "td", "tfoot", "th", "thead", "tr", "ul", "xmp",
}  # fmt: skip
_PREFORMATTED = frozenset({"pre", "listing", "plaintext", "xmp"})
_PREFORMATTED_STYLE = re.compile(r"white-space\s*:\s*pre\s*(?:;|$)", re.IGNORECASE)
_CODE_NAMES = re.compile(r" (?:language-|lang-|brush:|src |sourcecode|source-|highlight|code|prettyprint|hljs|crayon)")
_LABELS = HEADINGS | {"caption", "dt", "legend", "summary", "td", "th"}  # a <br> wraps them, and no more

_BREAK = "\x0b"  # for a <br>; cleaned text holds none
_BLANK_LINE = re.compile(r"\n\s*\n")
_ITEM = re.compile(r"(?:[-*+\u2022\u2013\u2014\u25cf\u25aa\u00b7]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s")
_WRAPPED_CHARACTERS = 50  # a line of so many may end where it does only because it was full
_FIRST_WIDE = "\u3000"  # from here on a line break may stand between two characters of one word
_TERM_WORDS = 14  # a term of more words is a paragraph
_DEEPEST_TABLE = 12


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph, the element that holds it, and the share of its characters that are links."""

    text: str
    element: etree._Element
    linked: float = 0.0


def lines(root: etree._Element, blank_lines: bool = False) -> list[Line]:
    """All lines in order. What is not to be read must be gone from the tree (`shown.keep_shown`).

    With `blank_lines` they end a paragraph, as in plain text.
    """
    return _Writer(root, blank_lines).write()


class _Writer:
    """What is known while a tree is walked: the line begun, the block that it stands in, a term without its meaning."""

    def __init__(self, root: etree._Element, blank_lines: bool = False, table_depth: int = 0) -> None:
        self.root, self.blank_lines, self.table_depth = root, blank_lines, table_depth
        self.found: list[Line] = []
        self.said: list[str] = []
        self.homes = [root]
        self.links = self.linked = 0
        self.term = ""

    def write(self) -> list[Line]:
        walk = etree.iterwalk(self.root, events=("start", "end"))
        for event, element in walk:
            if event == "end":
                self._end(element)
            elif self._start(element):
                walk.skip_subtree()
        self._flush()
        self._lone_term()
        return self.found

    def _start(self, element: etree._Element) -> bool:
        """Whether all of the element was written already."""
        tag = element.tag
        if tag in BLOCKS:
            self._flush()
            self.homes.append(element)
            if self._special(element, tag):
                return True
        elif tag == "br":
            self.said.append(_BREAK)
        elif tag == "a":
            self.links += 1
        elif tag == "q":
            self.said.append("\u201c")
        elif tag == "code" and next(element.iter("br"), None) is not None:  # a listing that is no <pre>
            self._flush()
            self._add(preformatted(_raw(element), code=True), element)
            return True
        self._say(element.text)
        return False

    def _end(self, element: etree._Element) -> None:
        tag = element.tag
        if tag in BLOCKS:
            self._flush(term=tag == "dt")
            self.homes.pop()
            if tag == "dl":
                self._lone_term()
        elif tag == "a":
            self.links -= 1
        elif tag == "q":
            self.said.append("\u201d")
        if element is not self.root:
            self._say(element.tail)

    def _say(self, text: str | None) -> None:
        if text:
            self.said.append(_BLANK_LINE.sub(_BREAK * 2, text) if self.blank_lines else text)
            if self.links > 0:
                self.linked += len(text)

    def _special(self, element: etree._Element, tag: str) -> bool:
        if tag in _PREFORMATTED or (tag == "div" and _PREFORMATTED_STYLE.search(element.get("style") or "")):
            self._add(preformatted(_raw(element), _is_code(element)), element)
            return True
        if tag == "table" and element is not self.root and self.table_depth < _DEEPEST_TABLE:
            depth = self.table_depth + 1

            def written(cell: etree._Element) -> list[str]:
                inner = _Writer(cell, self.blank_lines, depth).write()
                shares.update((line.text, line.linked) for line in inner)
                return [line.text for line in inner]

            shares: dict[str, float] = {}
            self._lone_term()
            for text, part in table_lines(element, written):
                self.found.append(Line(text, part, shares.get(text, _linked_share(part))))
            return True
        return False

    def _flush(self, term: bool = False) -> None:
        """Ends the line. A term waits for its meaning."""
        if not self.said:
            return
        raw = "".join(self.said)
        share = self.linked / len(raw) if raw else 0.0
        self.said, self.linked = [], 0
        paragraphs = _paragraphs(raw, self.homes[-1])
        if term and len(paragraphs) == 1 and count_words(paragraphs[0]) <= _TERM_WORDS:
            self.term = f"{self.term}, {paragraphs[0]}" if self.term else paragraphs[0]
            return
        self._add(paragraphs, self.homes[-1], share)

    def _add(self, paragraphs: list[str], element: etree._Element, share: float = 0.0) -> None:
        if self.term and paragraphs:
            term, self.term = self.term, ""
            if ends_with_stop(term) or "\n" in paragraphs[0]:
                paragraphs = [term, *paragraphs]
            else:
                paragraphs = [f"{term.removesuffix(':')}: {paragraphs[0]}", *paragraphs[1:]]
        self.found += [Line(paragraph, element, share) for paragraph in paragraphs]

    def _lone_term(self) -> None:
        if self.term:
            self.found.append(Line(self.term, self.homes[-1]))
            self.term = ""


def _paragraphs(raw: str, home: etree._Element) -> list[str]:
    """The lines of one block's words, each without surplus spaces."""
    if _BREAK not in raw:
        said = _tidy(raw)
        return [said] if said else []
    pieces = [_tidy(piece) for piece in raw.split(_BREAK)]
    if tag_of(home) in _LABELS:
        return [said] if (said := " ".join(filter(None, pieces))) else []
    found: list[str] = []
    before = ""  # the line right above, "" below an empty one
    for piece in pieces:
        if piece and before and (tag_of(home) == "li" or _goes_on(before, piece)):
            found[-1] += " " + piece
        elif piece:
            found.append(piece)
        before = piece
    return found


def _tidy(raw: str) -> str:
    """One normalized line; most need no more than their spaces looked after."""
    said = " ".join(raw.split())
    if said.isprintable() and unicodedata.is_normalized("NFC", said) and (said.isascii() or max(said) < _FIRST_WIDE):
        return said
    return one_line(raw)


def _goes_on(line: str, following: str) -> bool:
    """Whether the sentence of a line goes on in the next one."""
    if ends_with_stop(line) or line.endswith(":") or _ITEM.match(following):
        return False
    return following[0].islower() or line.endswith((",", ";", "-")) or len(line) >= _WRAPPED_CHARACTERS


def _raw(element: etree._Element) -> str:
    """The words of preformatted text as they stand, with a line break for each <br> and each block."""
    said: list[str] = []
    for event, inner in etree.iterwalk(element, events=("start", "end")):
        tag = inner.tag
        ends = tag in BLOCKS and inner is not element and said and not said[-1].endswith("\n")
        if ends or (tag == "br" and event == "start"):
            said.append("\n")
        text = inner.text if event == "start" else inner.tail if inner is not element else None
        if text:
            said.append(text)
    return "".join(said).replace("\u00a0", " ")


def _is_code(element: etree._Element) -> bool:
    if next(element.iter("code", "samp", "kbd"), None) is not None:
        return True
    around = [element, *element.iterancestors()][:3]
    return any(_CODE_NAMES.search(names_of(each)) for each in around if tag_of(each) in ("pre", "div", "figure", "td"))


def _linked_share(element: etree._Element) -> float:
    whole = sum(map(len, element.itertext()))
    return sum(len(text) for link in element.iter("a") for text in link.itertext()) / whole if whole else 0.0
