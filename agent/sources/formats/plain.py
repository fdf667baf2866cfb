"""Plain text files, and text that nothing better claims."""

from __future__ import annotations

from typing import ClassVar

from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document, without_heading
from agent.sources.formats.front import front_matter
from agent.sources.payload import Payload, decode
from agent.sources.wrapping import unwrap

__all__ = ["TextSource", "unwrap"]


class TextSource(FormatSource):
    name: ClassVar[str] = "text"
    suffixes: ClassVar[frozenset[str]] = frozenset({".txt", ".text"})

    def parse(self, payload: Payload) -> Items:
        front = front_matter(decode(payload))
        text = unwrap(front.body)
        text = without_heading(front.title, text) if front.title else text
        yield make_document(front.title, text, source=payload.location, name=payload.stem, published=front.published)
