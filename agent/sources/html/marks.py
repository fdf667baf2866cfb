"""Takes marks out of a text: numbers of notes, edit links, signs for links to a heading, and lists of references."""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]

from agent.sources.html.tree import drop, names_of, tag_of, text_in

_MARK_NAMES = re.compile(
    r" (?:reference|mw-ref|mw-cite-backlink|footnote-?ref|footnote-reference|footnote-backref|fnref|noteref|"
    r"mw-editsection|mw-jump-link|mw-indicators|headerlink|header-anchor|heading-anchor|anchorjs-link|noprint|"
    r"lineno|linenos|linenodiv|line-numbers-rows) "
)
_LIST_NAMES = re.compile(
    r" (?:references|reflist|mw-references-wrap|references-small|refbegin|footnotes?|footnote-list|endnotes|toc|"
    r"toc_container|table-of-contents|navbox|catlinks|printfooter|sistersitebox) "
)
_LIST_ROLES = frozenset({"doc-endnotes", "doc-footnote", "doc-toc", "doc-bibliography"})
_LIST_HEADINGS = frozenset({
    "references", "notes and references", "references and notes", "footnotes", "citations", "einzelnachweise",
    "r\u00e9f\u00e9rences", "notes et r\u00e9f\u00e9rences", "referencias", "refer\u00eancias", "riferimenti",
    "referenties", "przypisy",
})  # fmt: skip
_MARK = re.compile(r"[\[(]?(?:note |nb |n )?(?:\d{1,3}|[a-z]|[*\u2020\u2021\u00a7])[\])]?", re.IGNORECASE)
_BRACKETED = re.compile(r"\[[^\[\]]{1,40}\]")
_LINK_SIGNS = frozenset("\u00b6#\u00a7\u221e\U0001f517")
_BACK_SIGNS = ("^", "\u2191")
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LETTER = re.compile(r"[^\W\d_]")
_MARK_CHARACTERS = 60
_MOST_OF_ALL = 0.7  # a list with a larger share of a text's words is the text


_PERHAPS_MARKS = etree.XPath(
    "//sup | //a[starts-with(@href, '#') or contains(@class, 'ref') or contains(@class, 'link') or "
    "contains(@class, 'anchor')] | //span[contains(@class, 'mw-') or contains(@class, 'ref') or "
    "contains(@class, 'lin') or contains(@class, 'noprint')] | //td[contains(@class, 'lin')] | "
    "//div[contains(@class, 'mw-') or contains(@class, 'lineno') or contains(@class, 'noprint')]"
)
_PERHAPS_LISTS = etree.XPath(
    "//ol | //ul | //section[@role or @class] | //aside[@role] | //nav[@role or @id] | //div[@role or @id = 'toc' or "
    "contains(@class, 'ref') or contains(@class, 'note') or contains(@class, 'toc') or contains(@class, 'contents') or "
    "contains(@class, 'navbox') or @id = 'catlinks' or contains(@class, 'printfooter')] | "
    "//table[contains(@class, 'navbox') or contains(@class, 'sistersite') or contains(@class, 'toc')]"
)


def drop_marks(root: etree._Element) -> None:
    """See the module. A heading under which nothing is left goes too."""
    for element in _PERHAPS_MARKS(root):
        if _is_mark(element):
            drop(element)
    lists = [element for element in _PERHAPS_LISTS(root) if _is_reference_list(element)]
    whole = len(text_in(root)) if lists else 0
    for element in lists:
        if len(text_in(element)) < _MOST_OF_ALL * whole:
            _drop_with_heading(element)


def _is_mark(element: etree._Element) -> bool:
    names = names_of(element)
    if names and _MARK_NAMES.search(names):
        return len(text_in(element)) <= _MARK_CHARACTERS or not _LETTER.search(text_in(element))
    tag = tag_of(element)
    if tag == "sup":
        return _is_note_mark(element)
    if tag == "a":
        said = text_in(element)
        return said in _LINK_SIGNS or (said.startswith("[") and _MARK.fullmatch(said) is not None)
    return False


def _is_note_mark(element: etree._Element) -> bool:
    said = text_in(element)
    if _BRACKETED.fullmatch(said.replace("] [", "").replace("][", "")):
        return True
    link = next(element.iter("a"), None)
    return link is not None and "#" in (link.get("href") or "") and _MARK.fullmatch(said) is not None


def _is_reference_list(element: etree._Element) -> bool:
    names = names_of(element)
    if (names and _LIST_NAMES.search(names)) or element.get("role") in _LIST_ROLES:
        return True
    if tag_of(element) not in ("ol", "ul") or not len(element):
        return False
    if text_in(element[0]).startswith(_BACK_SIGNS):
        return True
    heading = _heading_before(element)
    return heading is not None and text_in(heading).casefold().strip(" :[]") in _LIST_HEADINGS


def _drop_with_heading(element: etree._Element) -> None:
    heading = _heading_before(element)
    drop(element)
    if heading is not None:
        drop(heading)


def _heading_before(element: etree._Element) -> etree._Element | None:
    """The heading right before an element, or the box that holds nothing but it."""
    before = element.getprevious()
    while before is not None and not text_in(before) and not (before.tail or "").strip():
        before = before.getprevious()
    if before is None or (before.tail or "").strip():
        return None
    if tag_of(before) in _HEADINGS:
        return before
    inner = next(before.iter(*_HEADINGS), None)
    return before if inner is not None and text_in(inner) == text_in(before) else None
