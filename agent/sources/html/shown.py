"""Takes out of a tree what a browser does not show: scripts, form fields, hidden elements."""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]

from agent.sources.html.style_sheet import hidden_by_rule
from agent.sources.html.tree import drop, names_of, tag_of, text_in

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
_FOR_READERS_ALOUD = re.compile(r" (?:sr-only|visually-?hidden|screen-?reader-text|hidden-visually) ")
_FORMULA = re.compile(r"mwe-math|mathml")
_NEVER_HIDDEN = frozenset({"html", "body"})  # a script shows them once the page is there
_PERHAPS_HIDDEN = etree.XPath(
    "//*[@hidden or @style or self::dialog or contains(@class, 'sr-only') or contains(@class, 'hidden') or "
    "contains(@class, 'reader')]"
)


_WRAPPERS = ("nav", "header", "footer", "form", "menu", "fieldset", "button", "select", "option", "object", "aside")
_TEXT_WORDS = 25
_MOST_OF_PAGE = 0.5


def open_wrappers(root: etree._Element) -> None:
    """Makes a plain box of an element for menus or forms that holds most paragraphs of a page: one that was never
    closed, or a form around everything."""
    inside = {wrapper: _paragraph_words(wrapper) for wrapper in root.iter(*_WRAPPERS)}
    if not any(words >= _TEXT_WORDS for words in inside.values()):
        return
    most = _MOST_OF_PAGE * _paragraph_words(root)
    for wrapper, words in inside.items():
        if words >= max(most, _TEXT_WORDS) and (
            wrapper.tag not in ("aside", "footer") or next(wrapper.iter("main", "article", "h1"), None) is not None
        ):
            wrapper.tag = "div"
    for template in root.iter("template"):
        if template.get("shadowrootmode") or template.get("shadowroot"):
            template.tag = "div"


def _paragraph_words(element: etree._Element) -> int:
    return sum(len(text_in(paragraph).split()) for paragraph in element.iter("p"))


def keep_shown(root: etree._Element) -> None:
    """Takes out what is not shown."""
    ruled = set(hidden_by_rule(root))
    _keep_formulas(root)
    etree.strip_elements(root, *SILENT, with_tail=False)
    for element in [*ruled, *_PERHAPS_HIDDEN(root)]:
        if tag_of(element) not in _NEVER_HIDDEN and (element in ruled or _is_hidden(element, tag_of(element))):
            drop(element)


def _keep_formulas(root: etree._Element) -> None:
    """MathJax finds a formula in a script and puts it in its place; a page that was saved later has it twice."""
    for script in root.iter("script"):
        before = script.getprevious()
        set_already = before is not None and " mathjax" in names_of(before) and text_in(before) and not before.tail
        if (script.get("type") or "").startswith("math/tex") and not set_already:
            script.tag = "span"


def _is_hidden(element: etree._Element, tag: str) -> bool:
    get = element.get
    if tag == "dialog":
        return get("open") is None
    if get("hidden") is not None and get("hidden") != "until-found":
        return True
    style = get("style")
    if style and _HIDDEN_STYLE.search(style):
        return not _FORMULA.search(get("class") or "")  # a picture of it is shown in its place
    return get("class") is not None and _FOR_READERS_ALOUD.search(names_of(element)) is not None
