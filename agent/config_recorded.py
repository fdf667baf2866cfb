"""The configuration of a run that goes on: what it began with, on the machine as it is today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from agent.config import Config
from agent.config_sections import MACHINE
from agent.errors import ConfigError
from agent.schema import is_named, section_of

Data = Mapping[str, Any]


def as_recorded(today: Config, recorded: Data) -> tuple[Config, list[str]]:
    """The recorded configuration, with today's values for the keys about the machine; today's keys put aside by it.

    `recorded` is what `Config.recorded` gave when the run began. What it does not hold, because an older seal
    wrote it, is as today; keys that this seal does not know are left out.

    Raises:
        ConfigError: a recorded value is not one that this seal can use.
    """
    now = today.model_dump(mode="json")
    values = _laid_over(Config, now, recorded)
    try:
        return Config.model_validate(values), list(_put_aside(now, values))
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, detail["loc"])) for detail in error.errors())
        cause = f"the run was begun under a configuration that this seal cannot use: {wrong}"
        raise ConfigError(cause, "Go on with it in the version of seal that began it.") from error


def _laid_over(section: type[BaseModel], now: Data, then: Data) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, field in section.model_fields.items():
        inner = section_of(field)
        if inner is None:
            known = {**then, **now} if MACHINE in field.metadata else {**now, **then}
            values |= {name: known[name]} if name in known else {}
            continue
        mine, recorded = now.get(name, {}), then.get(name, {})
        if is_named(field):
            names = {**mine, **recorded}
            values[name] = {n: _laid_over(inner, mine.get(n, {}), recorded.get(n, {})) for n in names}
        else:
            values[name] = _laid_over(inner, mine, recorded)
    return values


def _put_aside(now: Data, values: Data, at: str = "") -> Iterator[str]:
    for name, value in now.items():
        if isinstance(value, dict):
            yield from _put_aside(value, values[name], f"{at}{name}.")
        elif value != values[name]:
            yield at + name
