"""RSS and Atom feeds, by file or web address. A feed that breaks off gives its whole entries."""

from __future__ import annotations

import calendar
import io
import re
import time
from datetime import UTC, datetime
from itertools import compress
from typing import Any, ClassVar
from xml.sax import SAXException

import feedparser  # type: ignore[import-untyped]

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document
from agent.sources.base import FormatSource, Items, one_item
from agent.sources.formats.entry import Entry, read_entry
from agent.sources.markup import fragment
from agent.sources.payload import Payload, decode

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_UTF8_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
_ENCODING = re.compile(r"""encoding\s*=\s*["']([\w.:-]+)""")
_PROLOG = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\])?\s*>", re.DOTALL | re.IGNORECASE)
_ROOT = re.compile(r"<(?:\w+:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
_ROOT_END = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_NOT_MARKUP = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)", re.DOTALL)
_ENTRY_TAG = re.compile(r"<(/?)(?:\w+:)?(?:item|entry)(?=[\s>/])[^<>]*>", re.IGNORECASE)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class FeedSource(FormatSource):
    name: ClassVar[str] = "feed"
    suffixes: ClassVar[frozenset[str]] = frozenset({".rss", ".atom", ".xml", ".rdf"})
    media_types: ClassVar[frozenset[str]] = frozenset(
        {"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/xml", "text/xml"}
    )

    @classmethod
    def recognizes(cls, head: str) -> bool:
        return _ROOT.match(after_prolog(head)) is not None

    def parse(self, payload: Payload) -> Items:
        text = _text(payload)
        parsed = _feedparser(payload, text)
        entries, broken = parsed.entries, _break(parsed)
        lost = False
        if broken:
            whole, closed = _structure(text)
            lost = not (closed and all(whole) and len(whole) == len(entries))
            if len(whole) == len(entries):  # else the tags do not tell which are whole
                entries = list(compress(entries, whole))
        if not entries:
            raise _nothing(payload, parsed, broken)
        for number, entry in enumerate(entries, 1):
            yield one_item(_read, entry, f"{payload.location} entry {number}")
        if lost:
            yield Failure(payload.location, f"the feed is broken or cut off ({broken}); its whole entries were read")


def after_prolog(head: str) -> str:
    """The text from its first element on: without XML declaration, comments and DOCTYPE."""
    position = 0
    while match := _PROLOG.match(head, position):
        position = match.end()
    return head[position:]


def _text(payload: Payload) -> str:
    """The feed declared as UTF-8, which it is from here on, and without what XML forbids."""
    declaration = _DECLARATION.match(payload.head.lstrip("\ufeff"))
    declared = _ENCODING.search(declaration.group()) if declaration else None
    text = decode(payload, declared.group(1) if declared else "").lstrip("\ufeff")
    return _UTF8_DECLARATION + _ILLEGAL.sub("", _DECLARATION.sub("", text))


def _feedparser(payload: Payload, text: str) -> Any:
    """Parses a stream: given bytes, feedparser would first look for a file of that name."""
    headers = {"content-type": "application/xml; charset=utf-8"}
    if payload.is_url:
        headers["content-location"] = payload.location  # what relative links start from
    try:
        return feedparser.parse(io.BytesIO(text.encode(errors="replace")), response_headers=headers)
    except (ValueError, OverflowError) as error:  # raised at bad addresses and character numbers in a feed
        raise SourceError(f"{payload.location} cannot be read as a feed: {error}", "report it to its owner") from error


def _break(parsed: Any) -> str:
    """Where and why strict parsing stopped, "" where it did not. feedparser has then read on leniently."""
    error = parsed.get("bozo_exception")
    if not isinstance(error, SAXException):
        return ""
    line = getattr(error, "getLineNumber", lambda: None)()
    return f"line {line}: {error.getMessage()}" if line else error.getMessage()


def _structure(text: str) -> tuple[list[bool], bool]:
    """For each entry that the feed opens, whether it also closes it; and whether it closes itself."""
    markup = _NOT_MARKUP.sub("", text)
    whole: list[bool] = []
    for match in _ENTRY_TAG.finditer(markup):
        if not match.group(1):
            whole.append(match.group().endswith("/>"))
        elif whole:
            whole[-1] = True
    return whole, _ROOT_END.search(markup) is not None


def _nothing(payload: Payload, parsed: Any, broken: str) -> SourceError:
    if not parsed.get("version") and not FeedSource.recognizes(payload.head):
        return SourceError(f"{payload.location} is not a feed", "give the address of its RSS, Atom or JSON feed")
    if broken:
        return SourceError(f"{payload.location} is cut off before its first entry ends ({broken})", "load it again")
    return SourceError(f"{payload.location} is a feed without entries", "try again when it has some")


def _read(entry: Any, where: str) -> Document | Failure:
    return read_entry(_entry(entry, where))


def _entry(entry: Any, where: str) -> Entry:
    contents = [content.get("value") or "" for content in entry.get("content", [])]
    bodies = [*sorted(contents, key=len, reverse=True), entry.get("summary") or ""]
    link = entry.get("link") or ""
    title = entry.get("title") or ""
    return Entry(where, fragment(title) if "<" in title else title, tuple(bodies), link, _published(entry))


def _published(entry: Any) -> str:
    """ISO 8601 in UTC, or the feed's own words where they are no date."""
    name = "published" if "published" in entry else "updated"
    moment: time.struct_time | None = entry.get(f"{name}_parsed") if name in entry else None
    try:
        return datetime.fromtimestamp(calendar.timegm(moment), UTC).isoformat() if moment else entry.get(name) or ""
    except (ValueError, OverflowError):  # a year that the calendar does not have
        return entry.get(name) or ""
