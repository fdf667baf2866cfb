"""RSS and Atom feeds, by file or web address. A feed that breaks off gives its whole entries."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from functools import partial
from itertools import compress
from typing import Any, ClassVar
from urllib.parse import urljoin
from xml.sax import SAXException

import feedparser  # type: ignore[import-untyped]

from agent.errors import SourceError
from agent.ports import Failure
from agent.sources.base import FormatSource, Items, one_item
from agent.sources.dates import utc
from agent.sources.formats import titles
from agent.sources.formats.entry import Body, Entry, read_entries
from agent.sources.formats.feedxml import feed_xml, structure
from agent.sources.payload import Payload

_PROLOG = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\])?\s*>", re.DOTALL | re.IGNORECASE)
_ROOT = re.compile(r"<(?:\w+:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
_LIST_ROOT = re.compile(r"<opml\b", re.IGNORECASE)
_LISTED = re.compile(r"""\bxmlUrl\s*=\s*(?:"([^"<]*)"|'([^'<]*)')""", re.IGNORECASE)
_MOST_LISTED = 20
_WEB = re.compile(r"https?://\S", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_IN_TAGS = re.compile(r"<[^<>]*>")
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", "html", "xhtml"})
_SET_LONGER = 1.25  # of two bodies about as long, the one that is set in HTML is better
# What feedparser raises on feeds with bad addresses, character numbers or declarations.
_PARSER_ERRORS = (
    ValueError, OverflowError, AssertionError, AttributeError, IndexError, KeyError, TypeError, RecursionError,
)  # fmt: skip


class FeedSource(FormatSource):
    name: ClassVar[str] = "feed"
    suffixes: ClassVar[frozenset[str]] = frozenset({".rss", ".atom", ".xml", ".rdf", ".opml"})
    media_types: ClassVar[frozenset[str]] = frozenset({
        "application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/xml", "text/xml",
        "text/x-opml", "application/x-opml+xml",
    })  # fmt: skip

    @classmethod
    def recognizes(cls, head: str) -> bool:
        first = after_prolog(head)
        return _ROOT.match(first) is not None or _LIST_ROOT.match(first) is not None

    def parse(self, payload: Payload) -> Items:
        text = feed_xml(payload)
        if _LIST_ROOT.match(after_prolog(text)):
            raise _list_of_feeds(payload, text)
        parsed = _feedparser(payload, text)
        entries, broken = parsed.entries, _break(parsed)
        lost = False
        if broken:
            whole, closed = structure(text)
            lost = not (closed and all(whole) and len(whole) == len(entries))
            if len(whole) == len(entries):  # else the tags do not tell which are whole
                entries = list(compress(entries, whole))
        if not entries:
            raise _nothing(payload, parsed, broken)
        base, atom = _base(payload, parsed.feed), str(parsed.get("version") or "").startswith("atom")
        make = partial(_entry, base=base, atom=atom)
        read = [one_item(make, entry, f"{payload.location} entry {n}") for n, entry in enumerate(entries, 1)]
        yield from read_entries(read, titles.of_either(parsed.feed.get("title") or ""))
        if lost:
            yield Failure(payload.location, f"the feed is broken or cut off ({broken}); its whole entries were read")


def after_prolog(head: str) -> str:
    """The text from its first element on: without XML declaration, comments and DOCTYPE."""
    position = 0
    while match := _PROLOG.match(head, position):
        position = match.end()
    return head[position:]


def _feedparser(payload: Payload, text: str) -> Any:
    """Parses a stream: given bytes, feedparser would first look for a file of that name.

    It need not clean the HTML of entries, which only goes to text here, nor complete its links.
    """
    headers = {"content-type": "application/xml; charset=utf-8"}
    if payload.is_url:
        headers["content-location"] = payload.location  # what relative links start from
    stream = io.BytesIO(text.encode(errors="replace"))
    try:
        return feedparser.parse(stream, response_headers=headers, resolve_relative_uris=False, sanitize_html=False)
    except _PARSER_ERRORS as error:
        raise SourceError(f"{payload.location} cannot be read as a feed: {error}", "report it to its owner") from error


def _break(parsed: Any) -> str:
    """Where and why strict parsing stopped, "" where it did not. feedparser has then read on leniently."""
    error = parsed.get("bozo_exception")
    if not isinstance(error, SAXException):
        return ""
    line = getattr(error, "getLineNumber", lambda: None)()
    return f"line {line}: {error.getMessage()}" if line else error.getMessage()


def _nothing(payload: Payload, parsed: Any, broken: str) -> SourceError:
    if not parsed.get("version") and not FeedSource.recognizes(payload.head):
        return SourceError(f"{payload.location} is not a feed", "give the address of its RSS, Atom or JSON feed")
    if broken:
        return SourceError(f"{payload.location} is cut off before its first entry ends ({broken})", "load it again")
    return SourceError(f"{payload.location} is a feed without entries", "try again when it has some")


def _list_of_feeds(payload: Payload, text: str) -> SourceError:
    """An OPML file is no feed: reading all that it lists is for the one who gave it to decide."""
    listed = list(dict.fromkeys(html.unescape(one or other).strip() for one, other in _LISTED.findall(text)))
    named = [address for address in listed if address]
    if not named:
        return SourceError(f"{payload.location} is an outline (OPML) that lists no feeds", "give the address of a feed")
    more = f" and {len(named) - _MOST_LISTED} more" if len(named) > _MOST_LISTED else ""
    return SourceError(
        f"{payload.location} is a list of feeds (OPML), not a feed",
        f"give these: {', '.join(named[:_MOST_LISTED])}{more}",
    )


def _base(payload: Payload, feed: Any) -> str:
    """Where relative links of a feed start from that does not say it itself: its own address, else its page's."""
    links = feed.get("links") or []
    own = [link.get("href") or "" for link in links if link.get("rel") == "self"]
    return next(filter(_WEB.match, (payload.location, *own, feed.get("link") or "")), "")


def _entry(entry: Any, where: str, base: str, atom: bool) -> Entry:
    contents = entry.get("content") or []
    return Entry(
        where, _title(entry, atom), tuple(_bodies(entry)), _link(entry, base), _published(entry),
        guid=entry.get("id") or "", lack=next(filter(None, map(_lack, contents)), ""),
    )  # fmt: skip


def _title(entry: Any, atom: bool) -> str:
    title = entry.get("title") or ""
    if not atom:
        return titles.of_either(title)
    kind = (entry.get("title_detail") or {}).get("type") or ""
    return titles.of_html(title) if kind in _HTML_TYPES else titles.of_text(title)


def _bodies(entry: Any) -> list[Body]:
    """The longest first: beside the full text, feeds give teasers, and captions of pictures."""
    given = list(entry.get("content") or [])
    summary = entry.get("summary") or ""
    if all(content.get("value") != summary for content in given):  # else feedparser copied it from there
        given.append({"type": "text/html", **(entry.get("summary_detail") or {}), "value": summary})
    bodies = {Body(content.get("value") or "", _kind(content) in _HTML_TYPES) for content in given if _is_text(content)}
    return sorted(bodies, key=lambda body: (-_length(body), body.text))


def _kind(content: Any) -> str:
    return str(content.get("type") or "text/html").split(";")[0].strip().lower()


def _is_text(content: Any) -> bool:
    kind = _kind(content)
    return "/" not in kind or kind.startswith("text/") or kind in _HTML_TYPES


def _lack(content: Any) -> str:
    """Why the content is not read, "" where it is."""
    kind = _kind(content)
    if not _is_text(content):
        return f"its content is no text but a file of another kind: {kind.rpartition('/')[2].upper()} ({kind})"
    return f"its content stands elsewhere: {content['src']}" if content.get("src") else ""


def _length(body: Body) -> float:
    if not body.markup:
        return len(body.text.split())
    shown = _IN_TAGS.sub(" ", body.text)
    return len(shown.split()) * (_SET_LONGER if shown != body.text else 1.0)


def _link(entry: Any, base: str) -> str:
    """The entry's own address: the one behind a service that counts readers, where the feed names it."""
    others = (link.get("href") or "" for link in entry.get("links") or () if link.get("rel") == "alternate")
    named: Iterator[str] = filter(None, (entry.get("feedburner_origlink"), entry.get("link"), *others))
    link = "".join(next(named, "").split("\n")).strip().replace(" ", "%20")
    if link == entry.get("id") and "/" not in link:  # feedparser takes any guid for an address
        return ""
    if link.startswith("//") and not base:
        return f"https:{link}"
    try:
        return urljoin(base, link) if base and link and not _ADDRESS.match(link) else link
    except ValueError:  # brackets that are no address
        return link


def _published(entry: Any) -> str:
    """In UTC, or the feed's own words where they are not understood."""
    names = ("published", "updated", "created")
    words = next(filter(None, (entry[name] for name in names if name in entry)), "")
    return utc(words) or words
