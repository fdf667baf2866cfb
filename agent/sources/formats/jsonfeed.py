"""JSON Feed 1.0 and 1.1, by file or web address. Entries may carry questions under "_seal"."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Question
from agent.sources.base import FormatSource, Items, several
from agent.sources.formats.entry import Body, Entry, read_entries
from agent.sources.formats.fields import Text, given, wrong_fields
from agent.sources.payload import Payload, decode

_VERSION = re.compile(r'\s*\{\s*"version"\s*:\s*"https?://jsonfeed\.org/version/')
_HINT = "documents with questions go into a .jsonl file, one JSON object a line"


class _Extension(BaseModel):
    questions: tuple[Any, ...] = ()


class _Item(BaseModel):
    """The fields of an item that we use. Others are allowed, as the format says."""

    model_config = ConfigDict(populate_by_name=True)

    id: Any = None  # a string, or the number that some write
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
        feed = _json(payload)
        items = _items(payload, feed)
        if not items:
            raise SourceError(f"{payload.location} is a feed without entries", "try again when it has some")
        title = feed.get("title")
        read = [
            found for n, raw in enumerate(items, 1) for found in several(_item, raw, f"{payload.location} item {n}")
        ]
        yield from read_entries(read, title if isinstance(title, str) else "")


def _item(raw: Any, where: str) -> Iterator[Entry | Failure]:
    """The entry of an item, and a Failure for what is wrong in it."""
    try:
        item = _Item.model_validate(raw)
    except ValidationError as error:
        yield Failure(where, wrong_fields(error))
        return
    asked = given(item.seal.questions, "_seal", "questions")
    if not asked.useless:
        yield _entry(item, where, asked.questions)
    if asked.wrong:
        yield Failure(where, asked.wrong)


def _items(payload: Payload, feed: Any) -> list[Any]:
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
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            raise SourceError(f"{payload.location} holds several JSON values, not one", _HINT) from error
        cause = f"{payload.location} is not JSON, or is cut off: {error}"
        raise SourceError(cause, "load it again, or correct it") from error
    except ValueError as error:  # a number of thousands of digits
        raise SourceError(f"{payload.location} cannot be read as JSON: {error}", "correct it") from error


def _entry(item: _Item, where: str, questions: tuple[Question, ...]) -> Entry:
    bodies = (Body(item.content_html or ""), *(Body(text, False) for text in (item.content_text, item.summary) if text))
    return Entry(
        where, item.title or "", bodies, item.url or item.external_url or "",
        item.date_published or item.date_modified or "", questions, guid=str(item.id or ""),
    )  # fmt: skip
