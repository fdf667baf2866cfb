"""The configuration: one TOML file, checked against one schema, with flags on top; of a run that goes on, what it began
with, on the machine as it is today.

Nothing here reads an environment variable, so none can silently beat the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from agent.config.schema import Location, Problem, explain, is_named, keys, section_of
from agent.config.sections import DEFAULT_HOME, ENDPOINT_NAME, MACHINE, SELF, SETTLED, Config
from agent.errors import ConfigError

FILE_NAME = "seal.toml"
REFERENCE = "Every key stands in docs/config.md."
MAY_BE_SELF = ("write", "endpoint")
Data = Mapping[str, Any]


def load_config(
    path: Path | None = None, overrides: Mapping[str, str] | None = None, home: Path | None = None
) -> Config:
    """The configuration from a file with flags on top. Flags win over the file, `home` wins over both.

    `path` must exist where it is given. Otherwise seal.toml in the home folder is read where there
    is one. `overrides` maps dotted keys to TOML values, {"train.epochs": "4"}; what is not a TOML
    value is taken as text.

    Raises:
        ConfigError: the file cannot be read or is not TOML; a key is not known; a value is not what
            its key takes; an endpoint is named that is not defined. Where several keys are wrong,
            all are named.
    """
    above = flags(overrides or {})
    if home is not None:
        above["home"] = str(home)
    file = _expanded(path or Path(str(above.get("home", DEFAULT_HOME))) / FILE_NAME)
    data = _read(file) if path or file.is_file() else {}
    try:
        config = Config.model_validate(_merged(data, above))
    except ValidationError as error:
        raise _refusal(file, above, [explain(Config, detail) for detail in _innermost(error)]) from error
    undefined = list(_undefined_endpoints(config))
    if undefined:
        raise _refusal(file, above, undefined)
    return config


def _innermost(error: ValidationError) -> list[ErrorDetails]:
    """Without what is said of a list because of what is wrong in it."""
    found = error.errors()
    within = {detail["loc"][:depth] for detail in found for depth in range(len(detail["loc"]))}
    return [detail for detail in found if detail["loc"] not in within]


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ConfigError(f"{path}: {error}", "Give the folder in full.") from error


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise ConfigError(f"{file}: {reason}", "Give a readable TOML file, or none to use the defaults.") from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        last = f"at the end, line {len(text.splitlines())}"
        reason = str(error).replace("at end of document", last)
        raise ConfigError(f"{file}: not valid TOML: {reason}", "Correct that line; text needs quotes.") from error
    if isinstance(data.get("home"), str) and not data["home"].startswith("~"):
        data["home"] = str(file.parent / data["home"])
    return data


def flags(overrides: Mapping[str, str]) -> dict[str, Any]:
    """Dotted keys and TOML values as nested data. Raises ConfigError where a key is not one."""
    nested: dict[str, Any] = {}
    for key, value in overrides.items():
        nested = _merged(nested, _nested(_key_path(key), _value(value)))
    return nested


def _key_path(key: str) -> list[str]:
    """The parts of a dotted TOML key. Parts may be in quotes: endpoints."my.server".url"""
    path: list[str] = []
    try:
        node: Any = tomllib.loads(f"{key} = 0")
        while isinstance(node, dict):
            (name,) = node  # a key that smuggles in a second one raises ValueError, as a broken one does
            path.append(name)
            node = node[name]
    except ValueError as error:
        raise ConfigError(f"--set: {key!r} is not a key", f"Keys look like train.epochs. {REFERENCE}") from error
    return path


def _value(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return parsed["value"] if len(parsed) == 1 else text


def _nested(path: list[str], value: Any) -> dict[str, Any]:
    for part in reversed(path):
        value = {part: value}
    return dict(value)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`, section by section."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def _undefined_endpoints(config: Config) -> Iterator[Problem]:
    if SELF in config.endpoints:
        cause = f'endpoints.{SELF}: "{SELF}" is the base model; give the endpoint another name'
        yield Problem(("endpoints", SELF), cause)
    for key in keys(Config):
        if ENDPOINT_NAME not in key.field.metadata:
            continue
        whole: Any = config
        value = reduce(getattr, key.path, whole)
        if value == SELF and key.path == MAY_BE_SELF:
            continue
        if value and value not in config.endpoints:
            yield Problem(key.path, f"{key.name}: {config.no_endpoint(value).cause}")


def _refusal(file: Path, flags: Mapping[str, Any], problems: list[Problem]) -> ConfigError:
    causes = [f"{'--set' if _stands_in(flags, problem.at) else file}: {problem.cause}" for problem in problems]
    return ConfigError("\n".join(causes), f"Correct it, or leave it out to get the default. {REFERENCE}")


def _stands_in(data: Any, at: Location) -> bool:
    for part in at:
        if not isinstance(data, dict):
            return True
        if part not in data:
            return False
        data = data[part]
    return True


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
