"""The configuration: one TOML file, checked against one schema, with flags on top.

Nothing here reads an environment variable, so none can silently beat the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from agent.config.schema import Location, Problem, explain, keys
from agent.config.sections import DEFAULT_HOME, ENDPOINT_NAME, SELF, Config
from agent.errors import ConfigError

FILE_NAME = "seal.toml"
REFERENCE = "Every key stands in docs/config.md."
MAY_BE_SELF = ("write", "endpoint")


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
    """Dotted keys and TOML values as nested data.

    Raises:
        ConfigError: a key is not one.
    """
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
