"""Front matter: what a text says of itself before it begins, in YAML, TOML or JSON."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from agent.text.normal import clean, one_line

_YAML = re.compile(r"\s*---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TOML = re.compile(r"\s*\+\+\+[ \t]*\n(.*?\n)?\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
_JSON = re.compile(r"\s*(?:;;;[ \t]*\n)?(?=\{\s*\")")
_JSON_END = re.compile(r"[ \t]*(?:\n;;;[ \t]*)?(?:\n|\Z)")
_YAML_LINE = re.compile(r"^([A-Za-z][\w -]*?)[ \t]*:[ \t]+([\"']?)(.+?)\2[ \t]*$", re.MULTILINE)
_STARTS = ("---", "+++", ";;;", "{")
_TITLES = ("title", "Title", "name", "headline")
_DATES = ("date", "Date", "published", "publishDate", "pubDate", "date_published", "datePublished", "created")


@dataclass(frozen=True)
class Front:
    """What was stated, "" where it was not, and the text below it."""

    body: str
    title: str = ""
    published: str = ""


def front_matter(text: str) -> Front:
    """A text without its front matter. What is no front matter stays: a line of dashes may be just that."""
    if not text.lstrip("\ufeff \t\r\n").startswith(_STARTS):
        return Front(text)
    text = clean(text)
    for fields, end in _candidates(text):
        return Front(text[end:], _said(fields, _TITLES), _said(fields, _DATES))
    return Front(text)


def _candidates(text: str) -> Iterator[tuple[Mapping[str, Any], int]]:
    readers: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = ((_YAML, _yaml), (_TOML, _toml))
    for pattern, reader in readers:
        if (match := pattern.match(text)) and isinstance(fields := reader(match.group(1) or ""), dict):
            yield fields, match.end()
    if match := _JSON.match(text):
        yield from _json(text, match.end())


def _yaml(block: str) -> Any:
    """Broken YAML is common, e.g. a colon in a title: then its plain lines are read."""
    try:
        fields = yaml.load(block, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a date like 2026-13-45
        return {match[1]: match[3] for match in _YAML_LINE.finditer(block)} or None
    return {} if fields is None and not block.strip() else fields


def _toml(block: str) -> Any:
    try:
        return tomllib.loads(block)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _json(text: str, start: int) -> Iterator[tuple[Mapping[str, Any], int]]:
    """An object at the beginning, where text stands below it."""
    try:
        fields, end = json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError):
        return
    below = _JSON_END.match(text, end)
    if isinstance(fields, dict) and below and text[below.end() :].strip():
        yield fields, below.end()


def _said(fields: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = fields.get(name)
        if isinstance(value, date):  # a datetime is one, too
            return value.isoformat()
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return one_line(str(value))
    return ""
