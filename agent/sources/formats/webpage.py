"""Web pages, by address or saved as HTML files: title, main text and date."""

from __future__ import annotations

import re
from typing import ClassVar
from urllib.parse import urlsplit

from agent.errors import SourceError
from agent.ports import Failure
from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document, without_heading
from agent.sources.formats.feed import after_prolog
from agent.sources.html.page import Page, page
from agent.sources.html.refusals import refusal
from agent.sources.payload import Payload, decode
from agent.text.normal import count_words

_META_CHARSET = re.compile(r"""<meta[^>]+charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_START = re.compile(r"\s*<!doctype\s+html\b", re.IGNORECASE)
_ROOT = re.compile(r"<html[\s>]", re.IGNORECASE)
_HOME_WORDS = 60  # a page of fewer words that names a feed is there to lead to it


class WebPageSource(FormatSource):
    name: ClassVar[str] = "web page"
    suffixes: ClassVar[frozenset[str]] = frozenset({".html", ".htm", ".xhtml"})
    media_types: ClassVar[frozenset[str]] = frozenset({"text/html", "application/xhtml+xml"})

    @classmethod
    def recognizes(cls, head: str) -> bool:
        return _START.match(head) is not None or _ROOT.match(after_prolog(head)) is not None

    def parse(self, payload: Payload) -> Items:
        declared = _META_CHARSET.search(payload.head)
        url = payload.location if payload.is_url else ""
        found = page(decode(payload, declared.group(1) if declared else ""), url)
        if why := refusal(found, url):
            raise SourceError(f"{payload.location} {why.cause}", why.mend)
        yield make_document(
            found.title, without_heading(found.title, found.text),
            source=payload.location, name=payload.stem, published=found.said.published,
        )  # fmt: skip
        if found.said.feeds and _is_home(found, url):
            reason = f"the page names its feed; read that for its entries: {found.said.feeds[0]}"
            yield Failure(payload.location, reason)


def _is_home(found: Page, url: str) -> bool:
    at_root = bool(url) and urlsplit(url).path in ("", "/") and not urlsplit(url).query
    return at_root or count_words(found.text) < _HOME_WORDS
