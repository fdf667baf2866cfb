"""What the style sheet inside a page hides."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]

from agent.sources.html.tree import text_in

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BRACE = re.compile(r"[{};]")
_HIDES = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)
_SIMPLE = re.compile(r"[.#][\w-]+")
_MOST = 0.2  # of the words of a page: what hides more waits for a script to show it


def hidden_by_rule(root: etree._Element) -> list[etree._Element]:
    """The elements whose class or id the page hides without a condition, unless they hold much of the page."""
    styles = [style.text or "" for style in root.iter("style")]
    hidden = {selector for text in styles if _HIDES.search(text) for selector in _hiding_selectors(text)}
    if not hidden:
        return []
    found = [element for element in root.iter() if not hidden.isdisjoint(_selectors(element))]
    body = root.find("body")
    most = _MOST * len(text_in(root if body is None else body))
    return found if sum(len(text_in(element)) for element in found) <= most else []


def _hiding_selectors(text: str) -> Iterator[str]:
    """Those of one class or one id; rules inside @media and the like are left out."""
    depth = start = 0
    selector = ""
    text = _COMMENT.sub("", text)
    for brace in _BRACE.finditer(text):
        said, sign = text[start : brace.start()], brace.group()
        if depth == 1 and selector and _HIDES.search(said):
            yield from (each.strip() for each in selector.split(",") if _SIMPLE.fullmatch(each.strip()))
            selector = ""
        if sign == "{":
            selector, depth = (said if depth == 0 and "@" not in said else ""), depth + 1
        elif sign == "}":
            selector, depth = "", max(0, depth - 1)
        start = brace.end()


def _selectors(element: etree._Element) -> list[str]:
    names = [f".{name}" for name in (element.get("class") or "").split()]
    return [*names, f"#{element.get('id')}"] if element.get("id") else names
