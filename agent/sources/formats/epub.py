"""Books in EPUB: the chapters in the order of the book, as one document.

A zip file of web pages, read with zipfile and lxml: ebooklib stands under the AGPL, which a program under the Apache
licence cannot bring along.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import unquote
from zipfile import ZipFile

from lxml import etree  # type: ignore[import-untyped]

from agent.errors import SourceError
from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document, without_heading
from agent.sources.formats.container import checked, opening, xml_root
from agent.sources.formats.properties import usable_title
from agent.sources.markup import fragment
from agent.sources.payload import Payload, decode
from agent.text.normal import one_line

_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_OPF = "{http://www.idpf.org/2007/opf}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"})


class EpubSource(FormatSource):
    name: ClassVar[str] = "EPUB"
    suffixes: ClassVar[frozenset[str]] = frozenset({".epub"})
    media_types: ClassVar[frozenset[str]] = frozenset({"application/epub+zip"})

    def parse(self, payload: Payload) -> Items:
        container = checked(payload, "EPUB book")
        with opening(payload, "EPUB book"):
            book, folder = _package(container)
            names = [posixpath.normpath(posixpath.join(folder, unquote(name))) for name in _chapters(book)]
            locked = _locked(container)
            pages = (
                [] if locked.intersection(names) else [container.read(n) for n in names if n in container.namelist()]
            )
            title = usable_title(_said(book, "title"))
            published = _said(book, "date")
        if locked.intersection(names):
            cause = f"{payload.location} is locked by its seller (DRM)"
            raise SourceError(cause, "give a book without copy protection")
        text = "\n\n".join(fragment(decode(Payload(payload.location, page))) for page in pages if page.strip())
        if not text.strip():
            raise SourceError(f"{payload.location} is a book without text", "leave it out")
        yield make_document(
            title, without_heading(title, text), source=payload.location, name=payload.stem, published=published
        )


def _package(container: ZipFile) -> tuple[etree._Element, str]:
    """The package document of the book, and the folder that its addresses start from."""
    root = xml_root(container, "META-INF/container.xml")
    path = next((str(file.get("full-path")) for file in root.iter(f"{_CONTAINER}rootfile")), "")
    return xml_root(container, path), posixpath.dirname(path)


def _chapters(book: etree._Element) -> Iterator[str]:
    """The addresses of the pages in reading order, without the table of contents."""
    items = {item.get("id"): item for item in book.iter(f"{_OPF}item")}
    for place in book.iter(f"{_OPF}itemref"):
        item = items.get(place.get("idref"))
        if item is None or place.get("linear") == "no" or "nav" in str(item.get("properties", "")).split():
            continue
        if item.get("media-type") in _PAGES and item.get("href"):
            yield str(item.get("href")).partition("#")[0]


def _locked(container: ZipFile) -> frozenset[str]:
    """The parts that only the seller's program can read. Fonts are often scrambled, which does no harm."""
    if "META-INF/encryption.xml" not in container.namelist():
        return frozenset()
    root = xml_root(container, "META-INF/encryption.xml")
    return frozenset(
        unquote(str(element.get("URI", ""))) for element in root.iter() if str(element.tag).endswith("CipherReference")
    )


def _said(book: etree._Element, name: str) -> str:
    return one_line(next((element.text or "" for element in book.iter(f"{_DC}{name}")), ""))
