"""JSON-LD (schema.org): what a page tells search engines about its article."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

_TYPES = ("article", "posting", "report", "webpage", "recipe", "review", "creativework")
_NOT_TYPES = ("comment", "event")
_BODIES = ("articleBody", "reviewBody", "text")
_INNER = ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item")
_TRAILING_COMMA = re.compile(r",\s*([\]}])")
_DEEPEST = 12


@dataclass(frozen=True)
class Entity:
    """An article or page as JSON-LD describes it; "" for what it does not say."""

    kind: str
    headline: str
    body: str
    published: str


def entities(root: etree._Element) -> list[Entity]:
    """Those that describe something to read, articles before pages."""
    found: list[Entity] = []
    for script in root.iter("script"):
        if (script.get("type") or "").lower().startswith("application/ld+json"):
            found += [_entity(thing) for thing in _things(_parsed(script.text or ""))]
    return sorted(found, key=lambda entity: "webpage" in entity.kind)


def _parsed(text: str) -> Any:
    try:
        return json.loads(_TRAILING_COMMA.sub(r"\1", text.strip().rstrip(";")), strict=False)
    except (ValueError, RecursionError):  # as broken as many pages are
        return None


def _things(node: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(node, list):
        for each in node:
            yield from _things(each, depth + 1)
    elif isinstance(node, dict):
        kind = _kind(node)
        if any(name in kind for name in _TYPES) and not any(name in kind for name in _NOT_TYPES):
            yield node
        for key in _INNER:
            yield from _things(node.get(key), depth + 1)


def _kind(thing: dict[str, Any]) -> str:
    said = thing.get("@type")
    return " ".join(map(str, said)).lower() if isinstance(said, list) else str(said or "").lower()


def _entity(thing: dict[str, Any]) -> Entity:
    def said(*keys: str) -> str:
        return next((thing[key] for key in keys if isinstance(thing.get(key), str) and thing[key].strip()), "")

    return Entity(
        _kind(thing), unescape(said("headline", "name")), said(*_BODIES), said("datePublished", "dateCreated")
    )
