"""Zip files: told by what is in them, whatever they are called. Archives of other things are refused."""

from __future__ import annotations

from typing import ClassVar

from agent.errors import SourceError
from agent.sources.base import FormatSource, Items
from agent.sources.formats.container import checked, opening
from agent.sources.formats.docx import DocxSource
from agent.sources.formats.epub import EpubSource
from agent.sources.formats.odf import OdfSource
from agent.sources.formats.pptx import PptxSource
from agent.sources.formats.xlsx import XlsxSource
from agent.sources.payload import Payload

_BY_PART: tuple[tuple[str, type[FormatSource]], ...] = (
    ("word/", DocxSource), ("xl/", XlsxSource), ("ppt/", PptxSource), ("META-INF/container.xml", EpubSource),
    ("content.xml", OdfSource),
)  # fmt: skip
_BY_SUFFIX = {suffix: kind for _, kind in _BY_PART for suffix in kind.suffixes}


class ArchiveSource(FormatSource):
    name: ClassVar[str] = "zip file"
    suffixes: ClassVar[frozenset[str]] = frozenset({".zip"})
    media_types: ClassVar[frozenset[str]] = frozenset({"application/zip"})

    @classmethod
    def recognizes(cls, head: str) -> bool:
        return head.startswith(("PK\x03\x04", "PK\x05\x06"))

    def parse(self, payload: Payload) -> Items:
        kind = _BY_SUFFIX.get(payload.suffix)
        container = checked(payload, f"{kind.name} file" if kind else "zip file")
        with opening(payload, "zip file"):
            names = container.namelist()
        inside = next((kind for part, kind in _BY_PART if any(name.startswith(part) for name in names)), None)
        if inside is None:
            raise SourceError(f"{payload.location} is an archive, no document", "unpack it and give the folder")
        yield from inside(self.timeout).parse(payload)
