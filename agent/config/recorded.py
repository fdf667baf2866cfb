"""The configuration of a run that goes on: what it began with, on the machine as it is today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from agent.config.schema import is_named, section_of
from agent.config.sections import MACHINE, SETTLED, Config
from agent.errors import ConfigError

Data = Mapping[str, Any]


def as_recorded(today: Config, recorded: Data, insisted: Data | None = None) -> tuple[Config, list[str]]:
    """The recorded configuration, with today's values for the keys about the machine; today's keys put aside by it.

    `recorded` is what `Config.recorded` gave when the run began. What it does not hold, because an older seal
    wrote it, is as today; keys that this seal does not know are left out. Keys that stand in `insisted`, as
    `flags` gives them, are as today too, except for those that a begun run cannot change.

    Raises:
        ConfigError: a recorded value is not one that this seal can use.
    """
    now = today.model_dump(mode="json")
    values = _laid_over(Config, now, recorded, insisted or {})
    try:
        return Config.model_validate(values), list(_differing(now, values))
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, detail["loc"])) for detail in error.errors())
        cause = f"the run was begun under a configuration that this seal cannot use: {wrong}"
        raise ConfigError(cause, "Go on with it in the version of seal that began it.") from error


def changed(new: Config, old: Config) -> list[str]:
    """The keys of `new` that are not as in `old`."""
    return list(_differing(new.model_dump(mode="json"), old.model_dump(mode="json")))


def _laid_over(section: type[BaseModel], now: Data, then: Data, insisted: Data) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, field in section.model_fields.items():
        inner = section_of(field)
        if inner is None:
            todays = MACHINE in field.metadata or (name in insisted and SETTLED not in field.metadata)
            known = {**then, **now} if todays else {**now, **then}
            values |= {name: known[name]} if name in known else {}
            continue
        mine, recorded, own = now.get(name, {}), then.get(name, {}), insisted.get(name, {})
        if is_named(field):
            names = {**mine, **recorded}
            values[name] = {n: _laid_over(inner, mine.get(n, {}), recorded.get(n, {}), own.get(n, {})) for n in names}
        else:
            values[name] = _laid_over(inner, mine, recorded, own)
    return values


def _differing(one: Data, other: Data, at: str = "") -> Iterator[str]:
    for name, value in one.items():
        if isinstance(value, dict):
            yield from _differing(value, other.get(name, {}), f"{at}{name}.")
        elif name not in other or value != other[name]:
            yield at + name
