"""Markdown files: the title from the front matter or the first heading, the text without its marks.

The parser is markdown-it-py (CommonMark) with the plugins of mdit-py-plugins for footnotes and containers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import ClassVar

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.admon import admon_plugin
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.footnote import footnote_plugin

from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document, without_heading
from agent.sources.formats.front import front_matter
from agent.sources.formats.mdx import without_jsx
from agent.sources.markup import fragment
from agent.sources.payload import Payload, decode
from agent.sources.raised import raised
from agent.text.normal import block, clean, normalize, one_line, tidy

_WIKI_LINK = re.compile(r"(!?)\[\[([^\[\]|\n]+)(?:\|([^\[\]\n]*))?\]\]")
_SIGN = re.compile(r"\s*(?:\[[ xX-]\](?=\s)|\[![A-Za-z]+\][+-]?)\s*")  # of a task, or of a note in a quotation
_TEMPLATE = re.compile(r"\{%[^%{}]*%\}|\{\{[<%][^{}]*[%>]\}\}")  # of Jekyll and Hugo
_ATTRIBUTES = re.compile(r"\s*\{:?\s*[#.][^{}\n]*\}\s*$")
_HTML_TITLE = re.compile(r"<h1\b[^>]*>(.*?)</h1\s*>", re.IGNORECASE | re.DOTALL)  # to centre it, there is no other way
_TAG = re.compile(r"<\s*(/?)\s*(\w+)")
_MOST_NESTED = 60  # levels of lists and quotations; more is a broken file, and slow


class MarkdownSource(FormatSource):
    name: ClassVar[str] = "Markdown"
    suffixes: ClassVar[frozenset[str]] = frozenset({".md", ".markdown", ".mdown", ".mkd", ".mdx", ".qmd", ".rmd"})
    media_types: ClassVar[frozenset[str]] = frozenset({"text/markdown", "text/x-markdown"})

    def parse(self, payload: Payload) -> Items:
        front = front_matter(decode(payload))
        body = without_jsx(clean(front.body)) if payload.suffix == ".mdx" else clean(front.body)
        heading, text = read_markdown(body)
        title = front.title or heading
        text = without_heading(title, text)
        yield make_document(title, text or title, source=payload.location, name=payload.stem, published=front.published)


def read_markdown(text: str) -> tuple[str, str]:
    """The first heading ("" where there is none), and the tidied text: one line an item or row, code as blocks."""
    tokens = _parser().parse(text)
    return _first_heading(tokens), tidy("\n\n".join(_blocks(tokens)))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": _MOST_NESTED}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin).use(admon_plugin)
    return parser.use(container_plugin, "any", validate=lambda *_: True)


def _first_heading(tokens: Sequence[Token]) -> str:
    for index, token in enumerate(tokens):
        said = ""
        if token.type == "heading_open":
            said = _inline(tokens[index + 1])
        elif token.type == "html_block" and (match := _HTML_TITLE.search(token.content)):
            said = one_line(fragment(match[1]))
        if said:
            return said
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
    match token.type:
        case "inline":
            return "" if _is_badges(token.children or ()) else _inline(token)
        case "html_block":
            return fragment(token.content)
        case "fence" | "code_block":
            return block(token.content)
        case "container_any_open":  # ":::warning Mind the gap": the kind is no text, what stands behind it is
            return normalize(token.info.strip().partition(" ")[2].strip("{}[]"))
    return ""


def _is_badges(children: Sequence[Token]) -> bool:
    """Whether a paragraph is only pictures, linked or several: what they show is no text."""
    said = any(child.content.strip() for child in children if child.type in ("text", "code_inline", "html_inline"))
    images = sum(child.type == "image" for child in children)
    return images > 0 and not said and (images > 1 or any(child.type == "link_open" for child in children))


def _inline(token: Token) -> str:
    """The words of a paragraph, heading, item or cell in one line."""
    text = ""
    above: int | None = None  # where raised text begins
    for child in token.children or ():
        tag = _TAG.match(child.content) if child.type == "html_inline" else None
        if tag and tag.group(2).lower() == "sup":
            if tag.group(1) and above is not None:
                text = text[:above] + raised(text[above:], text[:above])
            above = None if tag.group(1) else len(text)
        else:
            text += "\n" if tag and tag.group(2).lower() == "br" else _span(child)
    sign = _SIGN.match(text)
    return normalize(_ATTRIBUTES.sub("", text[sign.end() :] if sign else text))


def _span(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return "\n"
    if token.type in ("html_inline", "footnote_ref", "footnote_anchor"):
        return ""
    if token.type == "text":
        return _WIKI_LINK.sub(_shown, _TEMPLATE.sub("", token.content))
    return token.content  # an image's content is its description


def _shown(match: re.Match[str]) -> str:
    embedded, target, shown = match.groups()
    if embedded:
        return ""
    return shown or target.partition("#")[0] or target.lstrip("#^")
