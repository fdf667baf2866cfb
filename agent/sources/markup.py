"""HTML to plain text: a whole page's main text, and fragments such as the content of a feed entry."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass

import trafilatura
from lxml import etree, html  # type: ignore[import-untyped]

from agent.text.normal import clean, count_words, normalize

# Both libraries print a warning for each page that they find empty; our errors say that already.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)

_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main",
    "ol", "p", "pre", "section", "summary", "table", "tr", "ul",
})  # fmt: skip
_SILENT = frozenset({
    "button", "footer", "head", "iframe", "nav", "noscript", "script", "select", "style", "svg", "template", "textarea",
})  # fmt: skip
_KEPT_SHARE = 0.8  # below this share of a fragment's words, the extractor took text for page furniture
# What the extractors raise on pages that no browser would mind, e.g. one that begins with <math>.
_EXTRACTOR_ERRORS = (
    AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError, etree.LxmlError,
)  # fmt: skip
_TABLE_RULE = re.compile(r"^[|:\-\s]+$")


@dataclass(frozen=True)
class Page:
    """A web page's title, main text and date ("" where unknown)."""

    title: str
    text: str
    published: str


def page(source: str, url: str = "") -> Page:
    """The main text of a page, or all its visible text where no main text can be told apart."""
    shown = visible_text(source)
    try:
        found = trafilatura.bare_extraction(clean(source), url=url or None, include_comments=False, with_metadata=True)
    except _EXTRACTOR_ERRORS:
        found = None
    if found is None or isinstance(found, dict):
        return Page(_title_tag(source), shown, "")
    main = _paragraphs(found.text or "")
    # On a short page the extractor gives up and takes everything, menus too: then ours is the better text.
    text = main if 0 < count_words(main) <= count_words(shown) else shown
    return Page(found.title or "", text, found.date or "")


def fragment(source: str) -> str:
    """The text of a piece of HTML, which may be plain text as well.

    All of it was meant to be read, so where the extractor finds much less than there is, all is kept.
    """
    everything = visible_text(source)
    whole = f"<html><body><article>{clean(source)}</article></body></html>"
    try:
        main = _paragraphs(trafilatura.extract(whole, include_comments=False, favor_recall=True) or "")
    except _EXTRACTOR_ERRORS:
        return everything
    return main if count_words(main) >= _KEPT_SHARE * count_words(everything) else everything


def visible_text(source: str, links: bool = True) -> str:
    """All text that a browser would show, with paragraphs; without the text of links where `links` is false."""
    root = _parse(source)
    return "" if root is None else normalize("".join(_visible(root, links)))


def _visible(root: etree._Element, links: bool) -> Iterator[str]:
    hidden = _SILENT if links else _SILENT | {"a"}
    skipping = 0
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        tag = element.tag if isinstance(element.tag, str) else ""
        skipping += (tag in hidden) * {"start": 1, "end": -1}.get(event, 0)
        if tag in _BLOCKS:
            yield "\n\n"
        elif tag == "br" and event == "start":
            yield "\n"
        elif tag in ("td", "th"):
            yield " "
        said = element.text if event == "start" else element.tail
        if said and not skipping:
            yield said


def _parse(source: str) -> etree._Element | None:
    """Parses bytes, because lxml refuses text that declares an encoding of its own."""
    data = clean(source).encode()
    if not data.strip():
        return None
    try:
        return html.document_fromstring(data, parser=html.HTMLParser(encoding="utf-8"))
    except etree.ParserError:  # nothing but comments
        return None


def _title_tag(source: str) -> str:
    root = _parse(source)
    return "" if root is None else root.findtext(".//title") or ""


def _paragraphs(extracted: str) -> str:
    """Trafilatura's lines as normalized paragraphs, without its signs for list items and table cells."""
    return normalize("\n\n".join(map(_plain_line, extracted.split("\n"))))


def _plain_line(line: str) -> str:
    line = line.strip()
    if line.startswith("|"):
        cells = (cell.strip() for cell in line.strip("|").split("|"))
        return "" if _TABLE_RULE.match(line) else ", ".join(cell for cell in cells if cell)
    return line.removeprefix("- ")
