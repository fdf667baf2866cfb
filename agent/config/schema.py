"""Reads a pydantic schema aloud: which keys there are, what each takes, and what is wrong with a value.

Generic over the model, so that error messages, the reference page and the example file all come
from the one place where a key is declared.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

ANY_NAME = "NAME"
"""Stands for the name that a person chooses, in keys such as endpoints.NAME.url."""

Location = tuple[int | str, ...]
"""Where a value stands in nested data, as pydantic's errors give it."""

_KINDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
    Path: "a path in quotes",
}
MOST_SHOWN = 80
"""Characters of a wrong value that an error shows."""
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


@dataclass(frozen=True)
class Takes:
    """In a field's annotation: what the field takes, in words, where its type says too little."""

    words: str


@dataclass(frozen=True)
class Key:
    """One key of a schema, e.g. `train.rank`, with its declaration."""

    path: tuple[str, ...]
    field: FieldInfo

    @property
    def name(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the data. `cause` begins with the key."""

    at: Location
    cause: str


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model behind a field that is a section, or a mapping from names to sections."""
    kind = field.annotation
    if get_origin(kind) is Mapping:
        kind = get_args(kind)[1]
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def is_named(field: FieldInfo) -> bool:
    """Whether the field is a mapping from names that a person chooses."""
    return get_origin(field.annotation) is Mapping


def keys(model: type[BaseModel], at: tuple[str, ...] = ()) -> Iterator[Key]:
    """Every key that holds a value, depth first, in the order of declaration."""
    for name, field in model.model_fields.items():
        section = section_of(field)
        if section is None:
            yield Key((*at, name), field)
        else:
            yield from keys(section, (*at, name, ANY_NAME) if is_named(field) else (*at, name))


def field_at(model: type[BaseModel], at: Location) -> FieldInfo | None:
    """The declaration that a location belongs to. None where the schema has no such key."""
    section: type[BaseModel] | None = model
    field: FieldInfo | None = None
    parts = iter(at)
    for part in parts:
        if section is None:
            break
        field = section.model_fields.get(str(part))
        section = section_of(field) if field else None
        if field and is_named(field):
            next(parts, None)  # the name that a person chose
    return field


def takes(field: FieldInfo) -> str:
    """What a key takes, in words, e.g. "a whole number, at least 1"."""
    words = next((m.words for m in field.metadata if isinstance(m, Takes)), None) or _kind(field)
    bounds = [
        f"{word} {getattr(m, bound):g}" for m in field.metadata for bound, word in _BOUNDS.items() if hasattr(m, bound)
    ]
    return ", ".join((words, *bounds))


def _kind(field: FieldInfo) -> str:
    kind = field.annotation
    if NoneType in get_args(kind):  # a key that may be left out takes what its other type takes
        (kind,) = set(get_args(kind)) - {NoneType}
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(toml_value(choice) for choice in get_args(kind))
    if get_origin(kind) is tuple:
        of = get_args(kind)[0]
        chosen = ", ".join(map(toml_value, get_args(of))) if get_origin(of) is Literal else "texts in quotes"
        return f"a list of {chosen}"
    return "a section" if section_of(field) else _KINDS[kind]


def toml_value(value: Any) -> str:
    """A value as TOML writes it. Paths become text."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{toml_value(key)} = {toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, bool | str | Path):
        # JSON escapes what TOML wants escaped, except the DEL character.
        return json.dumps(value, default=str, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)


def explain(model: type[BaseModel], error: Mapping[str, Any]) -> Problem:
    """One of the errors that pydantic's ValidationError lists, in a person's words."""
    at: Location = error["loc"]
    name = ".".join(map(str, at))
    if error["type"] == "extra_forbidden":
        meant = " or ".join(nearest(model, at))
        return Problem(at, f"{name} is not a known key" + (f", did you mean {meant}?" if meant else ""))
    field = field_at(model, at)
    wanted = takes(field) if field else error["msg"]
    if error["type"] == "missing":
        return Problem(at, f"{name} is missing, expected {wanted}")
    if error["type"] == "value_error":  # raised by a validator of ours, which says what is wrong itself
        return Problem(at, f"{name}: {error['ctx']['error']}")
    given = toml_value(error["input"])
    given = given if len(given) <= MOST_SHOWN else given[: MOST_SHOWN - 3] + "..."
    return Problem(at, f"{name} is {given}, expected {wanted}")


def nearest(model: type[BaseModel], at: Location) -> list[str]:
    """The known keys that an unknown one may be meant to be: beside it, or elsewhere by its last word."""
    *above, wrong = map(str, at)
    field = field_at(model, tuple(above))
    section = (section_of(field) if field else None) or model
    beside = difflib.get_close_matches(wrong, section.model_fields, n=1)
    if beside:
        return [".".join((*above, *beside))]
    known = list(keys(model))
    close = difflib.get_close_matches(wrong, {key.path[-1] for key in known}, n=1)
    return [key.name for key in known if key.path[-1] in close]
