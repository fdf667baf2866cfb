"""HTML as a tree of elements."""

from __future__ import annotations

from lxml import etree, html  # type: ignore[import-untyped]

from agent.text.normal import clean


def parse(source: str) -> etree._Element | None:
    """The root element; None where nothing but comments stands there.

    Parses bytes, because lxml refuses text that declares an encoding of its own. Huge trees are let in: a page whose
    inline elements never close nests deeper than the parser's first limit, and would lose its end.
    """
    data = clean(source).encode()
    if not data.strip():
        return None
    try:
        return html.document_fromstring(data, parser=html.HTMLParser(encoding="utf-8", huge_tree=True))
    except etree.ParserError:  # nothing but comments
        return None


def tag_of(element: etree._Element) -> str:
    """The name of an element, "" for comments and processing instructions."""
    return element.tag if isinstance(element.tag, str) else ""


def names_of(element: etree._Element) -> str:
    """Its class and id in lower case, with spaces around each name."""
    get = element.get
    named = f"{get('class') or ''} {get('id') or ''}"
    return f" {' '.join(named.lower().split())} " if named != " " else ""


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
