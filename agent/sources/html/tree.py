"""HTML as a tree of elements."""

from __future__ import annotations

from lxml import etree  # type: ignore[import-untyped]

from agent.text.normal import clean


def parse(source: str) -> etree._Element | None:
    """The root element, without comments; None where nothing but these stands there.

    Parses bytes, because lxml refuses text that declares an encoding of its own. Huge trees are let in: a page whose
    inline elements never close nests deeper than the parser's first limit, and would lose its end.
    """
    data = _bytes(source)
    if not data.strip():
        return None
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        root: etree._Element | None = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:  # nothing that could be an element
        return None
    return root


def _bytes(source: str) -> bytes:
    try:
        return source.replace("\0", "").encode()
    except UnicodeEncodeError:  # lone surrogates
        return clean(source).encode()


def tag_of(element: etree._Element) -> str:
    """The name of an element, "" for comments and processing instructions."""
    return element.tag if isinstance(element.tag, str) else ""


def names_of(element: etree._Element) -> str:
    """Its class and id in lower case, with spaces around each name."""
    classes, identity = element.get("class"), element.get("id")
    if not (classes or identity):
        return ""
    return f" {' '.join(((classes or '') + ' ' + (identity or '')).lower().split())} "


def drop(element: etree._Element, instead: str = "") -> None:
    """Takes an element out of its tree; the words behind it stay, and `instead` stands where it was."""
    parent = element.getparent()
    if parent is None:
        return
    said = instead + (element.tail or "")
    before = element.getprevious()
    parent.remove(element)
    if not said:
        return
    if before is None:
        parent.text = (parent.text or "") + said
    else:
        before.tail = (before.tail or "") + said


def text_in(element: etree._Element) -> str:
    """All words inside an element, in one line."""
    return " ".join("".join(element.itertext()).split())
