"""The entries of a feed, whatever the feed's format, to Documents or the reasons why they are none."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document, Question
from agent.sources.base import failure, one_item
from agent.sources.document import make_document, without_heading
from agent.sources.formats.furniture import without_furniture
from agent.sources.formats.repeated import Told, without_repeated
from agent.sources.html.lines import BLOCKS
from agent.sources.html.tree import parse
from agent.sources.markup import fragment, visible_text
from agent.sources.wrapping import unwrap
from agent.text.normal import count_words, wording

_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]{1,12}://\S+", re.IGNORECASE)
_LINK_WORDS = 20  # linked text of fewer words is a label ("Comments", a headline), not a passage
_LINKED_LIST = 0.3  # of the words: where fewer stand outside of links, short lines are headlines
_LINKED = re.compile(r"<a\b[^<>]*>.*?</a\s*>", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(r"<[^<>]*>")
_LABEL = re.compile(r"[^.!?]{0,40}:\s*[\d.,]*")  # "Points: 12", "Article URL:"
_TAG = re.compile(r"<[a-zA-Z/!?]")
_BLOCK_OPENS = re.compile(rf"\s*<(?:{'|'.join(sorted(BLOCKS))}|img|br)\b", re.IGNORECASE)
_BLOCK_CLOSES = re.compile(rf"(?:</(?:{'|'.join(sorted(BLOCKS))})\s*|<(?:img|br|hr)\b[^<>]*)>\s*\Z", re.IGNORECASE)
_SHOWS_CODE = re.compile(r"<(?:pre|code)\b", re.IGNORECASE)
# In a sentence about entities they mostly stand alone, but for the ampersand.
_ESCAPED_TWICE = re.compile(
    r"&#(?:\d{2,6}|[xX][\da-fA-F]{2,5});|(?<=\w)&(?!lt;|gt;)[A-Za-z]\w+;(?=\w)|(?<= )&amp;(?= )"
)
_BETWEEN_BLOCKS = BLOCKS | {"img", "br"}
_MOST_ESCAPES = 3


@dataclass(frozen=True)
class Body:
    """One text that a feed gives for an entry: HTML, or plain text by the letter."""

    text: str
    markup: bool = True


@dataclass(frozen=True)
class Entry:
    """What a feed says of one entry. The title is plain text; the best of the `bodies` stands first.

    `guid` is what the feed knows the entry by; `lack` says why a content that it names cannot be read, "" where it can.
    """

    where: str
    title: str
    bodies: tuple[Body, ...]
    link: str = ""
    published: str = ""
    questions: tuple[Question, ...] = ()
    guid: str = ""
    lack: str = ""

    @property
    def source(self) -> str:
        """Its address, where it has one that leads somewhere from here."""
        return self.link if _ADDRESS.match(self.link) else self.where


def read_entries(items: Sequence[Entry | Failure], feed_title: str = "") -> Iterator[Document | Failure]:
    """The documents of a feed's entries in order, without what repeats in most of them; Failures stay in their place.

    Each is of the first body that says something; an entry without such a body is a Failure.
    """
    entries = {n: item for n, item in enumerate(items) if isinstance(item, Entry)}
    told = {n: one_item(lambda entry, _: _text(entry, feed_title), entry, entry.where) for n, entry in entries.items()}
    saying = {n: text for n, text in told.items() if text and isinstance(text, str)}
    keys = {n: entry.guid or entry.link or n for n, entry in entries.items()}
    own = without_repeated([Told(keys[n], text) for n, text in saying.items()])
    texts = dict(zip(saying, own, strict=True))
    for n, item in enumerate(items):
        failed = told.get(n, item)
        if isinstance(failed, Failure):
            yield failed
        else:
            yield one_item(lambda n, _: _document(entries[n], texts.get(n, "")), n, entries[n].where)


def _document(entry: Entry, text: str) -> Document | Failure:
    if not text:
        lack = entry.lack or "the entry has only a title or a link, and no text of its own"
        linked = entry.source == entry.link
        return Failure(entry.source, f"{lack}; {f'read the page itself: {entry.link}' if linked else 'leave it out'}")
    try:
        return make_document(
            entry.title, text, source=entry.source, published=entry.published, questions=entry.questions
        )
    except SourceError as error:
        return failure(entry.source, error)


def _text(entry: Entry, feed_title: str) -> str:
    """The text of the first body that says something, "" where none does."""
    for body in entry.bodies:
        text = without_furniture(without_heading(entry.title, _plain(body)), entry.title, feed_title)
        if _says_something(text, body, entry.title):
            return text
    return ""


def _plain(body: Body) -> str:
    """Paragraphs and blocks. What is HTML once its entities are undone was escaped once too often."""
    text = fragment(body.text) if body.markup and _TAG.search(body.text) else _lines(body)
    if _SHOWS_CODE.search(body.text):  # there markup and entities may be what is told of
        return text
    for _ in range(_MOST_ESCAPES):
        if not _is_all_markup(text):
            break
        text = fragment(text)
    return _ESCAPED_TWICE.sub(lambda match: html.unescape(match.group()), text) if body.markup else text


def _lines(body: Body) -> str:
    """A body without a single tag: its line breaks are all that tells its paragraphs."""
    return unwrap(html.unescape(body.text) if body.markup else body.text)


def _is_all_markup(text: str) -> bool:
    """Whether a text is nothing but block elements; one that only mentions a tag is not."""
    if not _BLOCK_OPENS.match(text) or not _BLOCK_CLOSES.search(text):
        return False
    root = parse(f"<div>{text}</div>")
    around = root.find("body/div") if root is not None else None
    return around is not None and _holds_only_blocks(around)


def _holds_only_blocks(element: etree._Element) -> bool:
    beside = (element.text, *(child.tail for child in element))
    return all(child.tag in _BETWEEN_BLOCKS for child in element) and not any(said and said.strip() for said in beside)


def _says_something(text: str, body: Body, title: str) -> bool:
    """Whether the text is more than the title again, labels and links."""
    paragraphs = text.split("\n\n")
    unlinked = (_ADDRESS.sub("", paragraph).strip() for paragraph in paragraphs)
    if not (said := wording(text)) or f" {said} " in f" {wording(title)} ":
        return False
    if all(not one or _LABEL.fullmatch(one) for one in unlinked):
        return False
    if not body.markup or "<a" not in body.text.lower():
        return True
    if count_words(text) < _LINK_WORDS:
        return bool(visible_text(body.text, links=False))
    return len(paragraphs) == 1 or not _is_list_of_links(text, len(paragraphs), body)


def _is_list_of_links(text: str, lines: int, body: Body) -> bool:
    """Headlines, with little beside them that leads nowhere."""
    words = count_words(text)
    beside = count_words(_TAGS.sub(" ", _LINKED.sub(" ", body.text)))
    return words < _LINK_WORDS * lines and beside < _LINKED_LIST * words
