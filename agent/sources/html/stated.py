"""What a page says about itself in its head: titles, the day of publication, feeds, where it sends its reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

from lxml import etree  # type: ignore[import-untyped]

from agent.sources import dates
from agent.sources.html.linked_data import Entity, entities
from agent.sources.html.tree import names_of, tag_of
from agent.text.normal import one_line

_DATE_NAMES = frozenset({
    "article:published_time", "og:published_time", "og:article:published_time", "article.published", "datepublished",
    "date", "dc.date", "dc.date.issued", "dcterms.date", "dcterms.issued", "dcterms.created", "dc.date.created",
    "pubdate", "publishdate", "publish-date", "publish_date", "publication_date", "published_date", "published",
    "sailthru.date", "parsely-pub-date", "article_date_original", "originalpublicationdate", "citation_date",
    "citation_publication_date", "cxenseparse:recs:publishtime", "rnews:datepublished",
})  # fmt: skip
_DATE_CLASS = re.compile(r"publish|entry-date|post-date|posted|dateline|date-?time|article-?date|pub-?date| date ")
_HEAD_CLASS = re.compile(r"meta|byline|dateline|publish|posted|entry-info|article-?info|post-?info|date")
_NOT_ITS_OWN = re.compile(r"comment|related|teaser|sidebar|footer|widget|event")
_MODIFIED = re.compile(r"modif|updated?\b|aktualisiert")
_ZERO = "1970-01-01"  # how programs write that they know of none
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"})
_REFRESH = re.compile(r"^\s*(\d+(?:\.\d*)?)?\s*[;,]?\s*url\s*=\s*['\"]?([^'\"]+)", re.IGNORECASE)
_REFRESH_SECONDS = 10.0  # a page that waits longer is there to be read


@dataclass(frozen=True)
class Stated:
    """What the head says, "" or empty where it says nothing. `goes_to` is where the page sends its reader at once."""

    title: str
    shared_title: str
    site: str
    published: str
    feeds: tuple[str, ...]
    goes_to: str
    entities: tuple[Entity, ...]


def stated(root: etree._Element, url: str) -> Stated:
    """Reads a tree as it was parsed, with its scripts. `url` is the page's address, "" for a file."""
    described = entities(root)
    return Stated(
        title=one_line(root.findtext(".//title") or ""),
        shared_title=_meta(root, "og:title", "twitter:title"),
        site=_meta(root, "og:site_name", "application-name"),
        published=_published(root, described),
        feeds=tuple(_feeds(root, url)),
        goes_to=_refresh(root, url),
        entities=tuple(described),
    )


def _meta(root: etree._Element, *names: str) -> str:
    """The content of the first meta element of one of these names or properties, "" where there is none."""
    for element in root.iter("meta"):
        if {(element.get(key) or "").lower() for key in ("property", "name", "itemprop")} & set(names):
            content = one_line(element.get("content") or "")
            if content:
                return content
    return ""


def _published(root: etree._Element, described: list[Entity]) -> str:
    """The day that the page itself states, as YYYY-MM-DD, "" where it states none.

    Never a day that its text or its footer only mentions.
    """
    return next(filter(None, map(_day, _stated_dates(root, described))), "")


def _stated_dates(root: etree._Element, described: list[Entity]) -> Iterator[str]:
    for element in root.iter("meta"):
        names = {(element.get(key) or "").lower() for key in ("property", "name", "itemprop")}
        if names & _DATE_NAMES:
            yield element.get("content") or ""
    yield from (entity.published for entity in described)
    for element in root.iter("time", "span", "abbr", "p", "div"):
        if element.get("itemprop") == "datePublished":
            yield element.get("datetime") or element.get("content") or element.get("title") or ""
    for element in root.iter("time"):
        if _is_of_page(element):
            yield element.get("datetime") or ""


def _is_of_page(element: etree._Element) -> bool:
    """Whether a time element says when the page was published, by its own name or that of the line around it."""
    around = [element, *element.iterancestors()]
    if any(tag_of(each) in ("aside", "footer", "nav") or _NOT_ITS_OWN.search(names_of(each)) for each in around[:-2]):
        return False
    if _MODIFIED.search(names_of(element)):
        return False
    marked = element.get("pubdate") is not None or _DATE_CLASS.search(names_of(element))
    return bool(marked) or any(_HEAD_CLASS.search(names_of(each)) for each in around[1:4])


def _day(said: str) -> str:
    """The day as the page has it, also where what follows is not understood, if it begins as ISO 8601 has it."""
    begins = re.match(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?!\d)", said.strip())
    found = dates.day("-".join(begins.groups()) if begins else said)
    return "" if found == _ZERO else found


def _feeds(root: etree._Element, url: str) -> list[str]:
    """The addresses of the feeds that a page names; comments' feeds last."""
    found = [
        link.get("href") or ""
        for link in root.iter("link")
        if "alternate" in (link.get("rel") or "").lower().split() and (link.get("type") or "").lower() in _FEED_TYPES
    ]
    return [
        _absolute(root, url, address) for address in sorted(filter(None, found), key=lambda each: "comment" in each)
    ]


def _refresh(root: etree._Element, url: str) -> str:
    """The address to which a page sends its reader at once, "" where it stays."""
    for element in root.iter("meta"):
        found = _REFRESH.match(element.get("content") or "")
        refreshes = (element.get("http-equiv") or "").lower() == "refresh"
        if refreshes and found and float(found.group(1) or 0) <= _REFRESH_SECONDS:
            return _absolute(root, url, found.group(2).strip())
    return ""


def _absolute(root: etree._Element, url: str, address: str) -> str:
    """An address of the page as a whole one; as it stands where the page is a file."""
    base = next((each.get("href") or "" for each in root.iter("base") if each.get("href")), "")
    try:
        return str(urljoin(urljoin(url, base), address))
    except ValueError:  # a bad port or host
        return address
