"""Titles of feed entries as plain text: what in them is markup depends on what the feed says of them."""

from __future__ import annotations

import html
import re

from agent.text.normal import one_line

_VOID = frozenset({"br", "hr", "img", "wbr"})
_ELEMENTS = _VOID | {
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "center", "cite", "code", "del", "dfn", "div", "em", "font", "h1",
    "h2", "h3", "h4", "h5", "h6", "i", "ins", "kbd", "mark", "nobr", "p", "q", "rp", "rt", "ruby", "s", "samp", "small",
    "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var",
}  # fmt: skip
"""What stands in titles. Other names in angle brackets ("Option<T>") are the title's own words."""
_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]*)(?:\s[^<>]*)?/?>|<!--[^<>]*-->")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z]\w*);")


def of_text(title: str) -> str:
    """A title that is no markup, as Atom's are where it does not say otherwise. Entities in it were escaped twice."""
    return one_line(_ENTITY.sub(lambda match: html.unescape(match.group()), title))


def of_html(title: str) -> str:
    return of_text(_TAG.sub(lambda tag: _without(tag, _ELEMENTS), title))


def of_either(title: str) -> str:
    """A title that may be text or HTML, as those of RSS. An element counts where it is also closed."""
    closed = {tag.group(2).lower() for tag in _TAG.finditer(title) if tag.group(1)}
    return of_text(_TAG.sub(lambda tag: _without(tag, _ELEMENTS & (closed | _VOID)), title))


def _without(tag: re.Match[str], elements: frozenset[str]) -> str:
    name = (tag.group(2) or "").lower()
    if name and name not in elements:
        return tag.group()
    return " " if name in ("br", "hr", "p", "div") else ""
