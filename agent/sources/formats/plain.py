"""Plain text files, and text that nothing better claims."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document
from agent.sources.payload import Payload, decode
from agent.text.normal import clean, normalize

_STOPS = (".", "!", "?", "\u2026", ":", "\u3002", "\uff01", "\uff1f", '"', "\u201d", "\u300d")
_FULL_LINE = 0.8  # of the longest line: a line that could hold the next word within this was ended on purpose


class TextSource(FormatSource):
    name: ClassVar[str] = "text"
    suffixes: ClassVar[frozenset[str]] = frozenset({".txt", ".text", ".log"})

    def parse(self, payload: Payload) -> Items:
        text = unwrap(decode(payload))
        yield make_document("", text, source=payload.location, name=payload.stem)


def unwrap(text: str) -> str:
    """Tells line breaks that end a paragraph or heading from those that only wrap a long line.

    A wrapped line ends because the next word did not fit; where it would have fitted, or where the
    sentence ends with the line, the break was meant.
    """
    return normalize("\n\n".join(map(_unwrap_block, clean(text).split("\n\n"))))


def _unwrap_block(block: str) -> str:
    lines = [line.strip() for line in block.split("\n") if line.strip()]
    width = max(map(len, lines), default=0)
    joined = lines[:1]
    for line, following in pairwise(lines):
        next_word = following.split(None, 1)[0]
        meant = line.endswith(_STOPS) or len(line) + 1 + len(next_word) <= _FULL_LINE * width
        joined += ["\n\n" if meant else "\n", following]
    return "".join(joined)
