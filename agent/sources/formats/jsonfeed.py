"""JSON Feed 1.0 and 1.1, by file or web address. Entries may carry questions under "_seal"."""

from __future__ import annotations

import html
import json
import re
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document
from agent.sources.base import FormatSource, Items, one_item
from agent.sources.formats.entry import Entry, read_entry
from agent.sources.formats.fields import GivenQuestion, Text, given, wrong_fields
from agent.sources.payload import Payload, decode

_VERSION = re.compile(r'\s*\{\s*"version"\s*:\s*"https?://jsonfeed\.org/version/')
_HINT = "documents with questions go into a .jsonl file, one JSON object a line"


class _Extension(BaseModel):
    questions: tuple[GivenQuestion, ...] = ()


class _Item(BaseModel):
    """The fields of an item that we use. Others are allowed, as the format says."""

    model_config = ConfigDict(populate_by_name=True)

    title: Text | None = None
    url: Text | None = None
    external_url: Text | None = None
    content_html: Text | None = None
    content_text: Text | None = None
    summary: Text | None = None
    date_published: Text | None = None
    date_modified: Text | None = None
    seal: _Extension = Field(default=_Extension(), alias="_seal")


class JsonFeedSource(FormatSource):
    name: ClassVar[str] = "JSON Feed"
    suffixes: ClassVar[frozenset[str]] = frozenset({".json"})
    media_types: ClassVar[frozenset[str]] = frozenset({"application/feed+json", "application/json"})

    @classmethod
    def recognizes(cls, head: str) -> bool:
        return _VERSION.match(head) is not None

    def parse(self, payload: Payload) -> Items:
        items = _items(payload)
        if not items:
            raise SourceError(f"{payload.location} is a feed without entries", "try again when it has some")
        for number, raw in enumerate(items, 1):
            yield one_item(_read, raw, f"{payload.location} item {number}")


def _read(raw: Any, where: str) -> Document | Failure:
    try:
        item = _Item.model_validate(raw)
    except ValidationError as error:
        return Failure(where, wrong_fields(error))
    return read_entry(_entry(item, where))


def _items(payload: Payload) -> list[Any]:
    feed = _json(payload)
    if not isinstance(feed, dict) or "jsonfeed.org/version/" not in str(feed.get("version")):
        raise SourceError(f"{payload.location} is JSON but not a JSON Feed: it names no jsonfeed.org version", _HINT)
    items = feed.get("items")
    if not isinstance(items, list):
        raise SourceError(f"{payload.location} is not a JSON Feed: it has no list of items", _HINT)
    return items


def _json(payload: Payload) -> Any:
    try:
        return json.loads(decode(payload))
    except RecursionError as error:
        raise SourceError(f"{payload.location} is nested too deeply", _HINT) from error
    except ValueError as error:
        cause = f"{payload.location} is not JSON, or is cut off: {error}"
        raise SourceError(cause, "load it again, or correct it") from error


def _entry(item: _Item, where: str) -> Entry:
    plain = (item.content_text, item.summary)
    bodies = (item.content_html, *(_as_html(text) for text in plain if text))
    return Entry(
        where, item.title or "", tuple(body for body in bodies if body),
        item.url or item.external_url or "", item.date_published or item.date_modified or "",
        given(item.seal.questions),
    )  # fmt: skip


def _as_html(text: str) -> str:
    paragraphs = re.split(r"\n\s*\n", text)
    return "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
