"""The XML of a feed before it is parsed: what wraps it cut off, and what no XML parser bears put right."""

from __future__ import annotations

import html
import re
from html.entities import html5

from agent.sources.payload import Payload, decode

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_UTF8_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
_ENCODING = re.compile(r"""encoding\s*=\s*["']([\w.:-]+)""")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NOT_MARKUP = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)", re.DOTALL)
_AMPERSAND = re.compile(rf"{_NOT_MARKUP.pattern}|&(?:(#\d+|#[xX][\da-fA-F]+|[A-Za-z]\w*);)?", re.DOTALL)
_LONG_NUMBER = 12  # signs: no character has so long a number
_OF_XML = frozenset({"lt", "gt", "amp", "quot", "apos"})
_ROOT_END = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_ENTRY_TAG = re.compile(r"<(/?)(?:\w+:)?(?:item|entry)(?=[\s>/])[^<>]*>", re.IGNORECASE)


def feed_xml(payload: Payload) -> str:
    """The feed declared as UTF-8, which it is from here on, without what XML forbids and what stands before it."""
    declaration = _DECLARATION.match(payload.head.lstrip("\ufeff"))
    declared = _ENCODING.search(declaration.group()) if declaration else None
    text = _ILLEGAL.sub("", decode(payload, declared.group(1) if declared else "").lstrip("\ufeff"))
    if not text.lstrip().startswith("<"):  # a warning of the program that wrote it
        text = text[max(0, text.find("<")) :]
    return _UTF8_DECLARATION + _with_known_entities(_DECLARATION.sub("", text))


def structure(text: str) -> tuple[list[bool], bool]:
    """For each entry that the feed opens, whether it also closes it; and whether it closes itself."""
    markup = _NOT_MARKUP.sub("", text)
    whole: list[bool] = []
    for match in _ENTRY_TAG.finditer(markup):
        if not match.group(1):
            whole.append(match.group().endswith("/>"))
        elif whole:
            whole[-1] = True
    return whole, _ROOT_END.search(markup) is not None


def _with_known_entities(text: str) -> str:
    """HTML's entities, which XML does not know, as characters, and ampersands that begin none as such.

    Either would end the strict parse, and the lenient one takes the "&copy" of an address for a sign.
    """
    declares = "<!ENTITY" in text
    return _AMPERSAND.sub(lambda match: _entity(match, declares), text)


def _entity(match: re.Match[str], declares: bool) -> str:
    whole, name = match.group(), match.group(1)
    if whole.startswith("<") or name in _OF_XML:
        return whole
    if name is None:
        return "&amp;"
    if name.startswith("#"):
        return "" if len(name) < _LONG_NUMBER and not _ILLEGAL.sub("", html.unescape(whole)) else whole
    if character := html5.get(f"{name};"):
        return html.escape(character)
    return whole if declares else f"&amp;{name};"
