"""Web pages, by address or saved as HTML files: title, main text and date."""

from __future__ import annotations

import re
from typing import ClassVar

from agent.errors import SourceError
from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document, without_heading
from agent.sources.formats.feed import after_prolog
from agent.sources.markup import page
from agent.sources.payload import Payload, decode

_META_CHARSET = re.compile(r"""<meta[^>]+charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_START = re.compile(r"\s*<!doctype\s+html\b", re.IGNORECASE)
_ROOT = re.compile(r"<html[\s>]", re.IGNORECASE)


class WebPageSource(FormatSource):
    name: ClassVar[str] = "web page"
    suffixes: ClassVar[frozenset[str]] = frozenset({".html", ".htm", ".xhtml"})
    media_types: ClassVar[frozenset[str]] = frozenset({"text/html", "application/xhtml+xml"})

    @classmethod
    def recognizes(cls, head: str) -> bool:
        return _START.match(head) is not None or _ROOT.match(after_prolog(head)) is not None

    def parse(self, payload: Payload) -> Items:
        declared = _META_CHARSET.search(payload.head)
        text = decode(payload, declared.group(1) if declared else "")
        found = page(text, payload.location if payload.is_url else "")
        body = without_heading(found.title, found.text)
        if not body:
            cause = f"{payload.location} has no text to read: it may build its text with JavaScript"
            raise SourceError(cause, "save the page as text from a browser and give the file")
        yield make_document(found.title, body, source=payload.location, name=payload.stem, published=found.published)
