"""Takes out of a tree what a browser does not show: scripts, form fields, hidden elements."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree  # type: ignore[import-untyped]

from agent.sources.html.tree import drop, names_of, tag_of

SILENT = frozenset({
    "applet", "audio", "button", "canvas", "datalist", "del", "embed", "head", "iframe", "input", "map", "meter",
    "noembed", "noframes", "noscript", "object", "option", "progress", "rp", "rt", "s", "script", "select", "strike",
    "style", "svg", "template", "textarea", "title", "video",
})  # fmt: skip
"""Elements whose words are not part of the text: also what was struck out, and the readings above letters (ruby)."""
_HIDDEN_STYLE = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|"
    r"(?:left|top|text-indent)\s*:\s*-\d{3,}(?:\.\d+)?(?:px|em|rem)?)\s*(?:!\s*important\s*)?(?:;|$)",
    re.IGNORECASE,
)
_FOR_READERS_ALOUD = re.compile(r" (?:sr-only|visually-?hidden|screen-reader-text|screenreader-text|hidden-visually) ")
_FORMULA = re.compile(r"mwe-math|mathml")
_NEVER_HIDDEN = frozenset({"html", "body"})  # a script shows them once the page is there


def keep_shown(root: etree._Element, hidden: bool = True) -> None:
    """Takes out what is not shown; what is only hidden by its attributes stays where `hidden` is false."""
    gone: list[etree._Element] = []
    for element in root.iter():
        tag = tag_of(element)
        if not tag or tag in SILENT or (hidden and _is_hidden(element, tag)):
            gone.append(element)
    _drop_all(gone)


def _drop_all(elements: Iterable[etree._Element]) -> None:
    for element in elements:
        drop(element)


def _is_hidden(element: etree._Element, tag: str) -> bool:
    get = element.get
    if tag == "dialog":
        return get("open") is None
    if not element.attrib or tag in _NEVER_HIDDEN:
        return False
    if get("hidden") is not None and get("hidden") != "until-found":
        return True
    style = get("style")
    if style and _HIDDEN_STYLE.search(style):
        return not _FORMULA.search(get("class") or "")  # a picture of it is shown in its place
    return get("class") is not None and _FOR_READERS_ALOUD.search(names_of(element)) is not None
