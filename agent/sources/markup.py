"""HTML to plain text: a whole page's main text, and fragments such as the content of a feed entry."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

import trafilatura
from lxml import etree  # type: ignore[import-untyped]

from agent.sources.html.formulas import write_formulas
from agent.sources.html.lines import BLOCKS, lines
from agent.sources.html.marks import drop_marks
from agent.sources.html.shown import keep_shown
from agent.sources.html.tree import drop, names_of, parse, text_in
from agent.text.normal import clean, count_words, normalize

# Both libraries print a warning for each page that they find empty; our errors say that already.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)

_FURNITURE_NAMES = re.compile(
    r" (?:sharedaddy|addtoany_share_save_container|a2a_kit|feedflare|jp-relatedposts|share-?buttons|social-?share|"
    r"social-?sharing|sharethis|addthis_toolbox|wp-block-jetpack-sharing-buttons|simplesocialbuttons|ssba) "
)
_BLOCK_TAG = re.compile(rf"<(?:br|{'|'.join(sorted(BLOCKS))})\b", re.IGNORECASE)
_MOST_FURNITURE = 0.5  # what holds a larger share of a fragment's words is the text itself
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
    """The text of a piece of HTML, which may be plain text as well: paragraphs and blocks."""
    root = parse(source)
    if root is None:
        return ""
    keep_shown(root)
    _drop_furniture(root)
    drop_marks(root)
    write_formulas(root)
    return _text(root, blank_lines=_BLOCK_TAG.search(source) is None)


def visible_text(source: str, links: bool = True) -> str:
    """All text that a browser would show, with paragraphs, but for menus and footers; without the text of links where
    `links` is false."""
    root = parse(source)
    if root is None:
        return ""
    keep_shown(root)
    for element in list(root.iter("nav", "footer", *(() if links else ("a",)))):
        drop(element)
    write_formulas(root)
    return _text(root, blank_lines=_BLOCK_TAG.search(source) is None)


def _text(root: etree._Element, blank_lines: bool = False) -> str:
    return "\n\n".join(line.text for line in lines(root, blank_lines))


def _drop_furniture(root: etree._Element) -> None:
    """Takes out what asks to share or to follow, by its class: it stands around the text of many feeds."""
    named = [element for element in root.iter("div", "ul", "aside", "section", "p") if element.get("class")]
    for element in [element for element in named if _FURNITURE_NAMES.search(names_of(element))]:
        if len(text_in(element)) <= _MOST_FURNITURE * len(text_in(root)):
            drop(element)


def _title_tag(source: str) -> str:
    root = parse(source)
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
