"""The shape of what a command prints as JSON: its keys, as deep as they go, and the types of what stands under them.

As JSON data itself: "string", "null|number" and the like for a plain value, {key: shape} for an object, [shape] for a
list, whose items have one shape together, and {"?": shape} for an object or list that may be null. A key that not all
items of a list have ends in "?". What keys that are data stand for is under "*". The events of a trace are
{"by step": {step: shape}}, since what is noted of a step is the step's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import Any

Shape = Any

FREE = {
    "outcomes", "methods", "unfinished", "gains", "differences", "actions", "entropies", "texts", "kinds", "failed",
    "endpoints",
}  # fmt: skip
"""Objects whose keys are data: outcomes, names of runs, arms, policies, actions, ids. A path is data wherever it is a
key."""


def shape(value: Any, name: str = "") -> Shape:
    """`name` is the key under which the value stands."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case Mapping():
            own = {key: shape(each, key) for key, each in value.items() if not _is_data(key, name)}
            rest = [shape(each) for key, each in value.items() if _is_data(key, name)]
            return own | ({"*": together(rest)} if rest else {})
        case [*events] if name == "events":
            steps = dict.fromkeys(event["step"] for event in events)
            return {"by step": {s: together(shape(e) for e in events if e["step"] == s) for s in steps}}
        case [*items]:
            return [together(map(shape, items))] if items else []
    raise TypeError(f"{value!r} is not from JSON")


def _is_data(key: str, name: str) -> bool:
    return name in FREE or "/" in key


def together(shapes: Iterable[Shape]) -> Shape:
    """The one shape of several values."""
    return reduce(_both, shapes)


def _both(one: Shape, other: Shape) -> Shape:
    if one == other:
        return one
    if _may_be_null(one) or _may_be_null(other):
        inner = [shape for shape in map(_not_null, (one, other)) if shape is not None]
        found = together(inner)
        return "|".join(sorted({*found.split("|"), "null"})) if isinstance(found, str) else {"?": found}
    match one, other:
        case str(), str():
            return "|".join(sorted({*one.split("|"), *other.split("|")}))
        case [*a], [*b]:
            return [together([*a, *b])]
        case dict(), dict():
            return {key: found for name in {**one, **other} for key, found in _key(one, other, name)}
    raise TypeError(f"{one} and {other} stand in the same place")


def _may_be_null(one: Shape) -> bool:
    return "null" in one.split("|") if isinstance(one, str) else isinstance(one, dict) and "?" in one


def _not_null(one: Shape) -> Shape | None:
    """None where it is nothing else."""
    if isinstance(one, str):
        return "|".join(word for word in one.split("|") if word != "null") or None
    return one["?"] if _may_be_null(one) else one


def _key(one: Shape, other: Shape, name: str) -> Iterator[tuple[str, Shape]]:
    """A key of either object, once."""
    plain = name.removesuffix("?")
    found = [each[key] for each in (one, other) for key in (plain, f"{plain}?") if key in each]
    everywhere = (plain in one and plain in other) or plain == "*"
    yield plain if everywhere else f"{plain}?", together(found)


def lost(before: Shape, now: Shape, at: str = "") -> Iterator[str]:
    """What a reader of JSON with the shape `before` misses or cannot read in JSON of the shape `now`. What was always
    null before may be anything now, and what is new is no loss."""
    if before == "null":
        return
    if _may_be_null(before) and isinstance(before, dict):
        before, now = before["?"], now["?"] if isinstance(now, dict) and "?" in now else now
    match before, now:
        case str(), str():
            more = set(now.split("|")) - set(before.split("|"))
            if more:
                yield f"{at}: was {before}, is {now}"
        case [], [*_]:
            pass
        case [wanted], [found]:
            yield from lost(wanted, found, f"{at}[]")
        case dict(), dict() if "?" not in now:
            yield from _lost_keys(before, now, at)
        case _:
            yield f"{at}: was {_kind(before)}, is {_kind(now)}"


def _lost_keys(before: Mapping[str, Shape], now: Mapping[str, Shape], at: str) -> Iterator[str]:
    for name, wanted in before.items():
        plain = name.removesuffix("?")
        if name in now or plain in now:
            yield from lost(wanted, now.get(name, now.get(plain)), f"{at}.{plain}")
        else:
            yield f"{at}.{plain}: {'not always there' if f'{plain}?' in now else 'gone'}"


def _kind(one: Shape) -> str:
    match one:
        case str():
            return one
        case [] | [_]:
            return "a list with items" if one else "a list without items"
    return "an object or null" if "?" in one else "an object"
