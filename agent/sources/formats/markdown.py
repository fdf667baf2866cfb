"""Markdown files: the title from the first heading, the text without its marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import ClassVar

from markdown_it import MarkdownIt
from markdown_it.token import Token

from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document, without_heading
from agent.sources.markup import visible_text
from agent.sources.payload import Payload, decode
from agent.text.normal import clean, normalize

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_TITLE = re.compile(r"""^title[ \t]*:[ \t]*(["']?)(.+?)\1[ \t]*$""", re.MULTILINE)


class MarkdownSource(FormatSource):
    name: ClassVar[str] = "Markdown"
    suffixes: ClassVar[frozenset[str]] = frozenset({".md", ".markdown", ".mdown", ".mkd"})
    media_types: ClassVar[frozenset[str]] = frozenset({"text/markdown", "text/x-markdown"})

    def parse(self, payload: Payload) -> Items:
        body, title = _front_matter(clean(decode(payload)))
        tokens = MarkdownIt("commonmark").enable("table").parse(body)
        title = title or _first_heading(tokens)
        text = without_heading(title, normalize("\n\n".join(_blocks(tokens))))
        yield make_document(title, text or title, source=payload.location, name=payload.stem)


def _front_matter(text: str) -> tuple[str, str]:
    """The body, and the title that a YAML block before it may name."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return text, ""
    title = _FRONT_TITLE.search(match.group(1))
    return text[match.end() :], title.group(2) if title else ""


def _first_heading(tokens: Sequence[Token]) -> str:
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            return _inline(inline)
    return ""


def _blocks(tokens: Sequence[Token]) -> Iterator[str]:
    """The text of each block; the cells of a table's row together."""
    row: list[str] | None = None
    for token in tokens:
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            yield ", ".join(cell for cell in row if cell)
            row = None
        elif token.type == "inline" and row is not None:
            row.append(_inline(token))
        else:
            yield _block(token)


def _block(token: Token) -> str:
    if token.type == "inline":
        return _inline(token)
    if token.type == "html_block":
        return visible_text(token.content)
    return token.content  # of code; empty for all marks


def _inline(token: Token) -> str:
    return "".join(map(_span, token.children or ()))


def _span(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return "\n"
    return "" if token.type == "html_inline" else token.content  # an image's content is its description
