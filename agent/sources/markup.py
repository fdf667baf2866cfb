"""Pieces of HTML, such as the content of a feed entry, to plain text."""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]

from agent.sources.html.formulas import write_formulas
from agent.sources.html.lines import BLOCKS, lines
from agent.sources.html.marks import drop_marks
from agent.sources.html.shown import keep_shown
from agent.sources.html.tree import drop, names_of, parse, text_in

_FURNITURE_NAMES = re.compile(
    r" (?:sharedaddy|sharethis|addtoany[\w-]*|a2a_kit|addthis[\w-]*|shareaholic[\w-]*|heateor[\w-]*|ssba[\w-]*|"
    r"simplesocialbuttons|feedflare|jp-relatedposts|yarpp[\w-]*|mc4wp[\w-]*|wp-block-jetpack-(?:sharing|subscri)[\w-]*|"
    r"(?:[\w-]+[-_])?(?:social|share)[-_]?(?:shar(?:e|ing)|buttons?|links?|icons?|bar)(?:[-_][\w-]+)?) "
)
_BLOCK_TAG = re.compile(rf"<(?:br|{'|'.join(sorted(BLOCKS))})\b", re.IGNORECASE)
_MOST_FURNITURE = 0.5  # what holds a larger share of a fragment's words is the text itself


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
