"""The configuration: one TOML file, checked against one schema, with flags on top.

Nothing here reads an environment variable, so none can silently beat the file. API keys stay out
of it: an endpoint names the variable that holds its key.

`docs/config.md` and `seal.example.toml` are written from the schema by `agent.config.docs`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from agent.config.improve import ImproveConfig
from agent.config.schema import Location, Problem, explain, keys
from agent.config.sections import (
    ENDPOINT_NAME,
    MACHINE,
    SELF,
    AskConfig,
    EndpointConfig,
    GateConfig,
    HomePath,
    JudgeConfig,
    LedgerConfig,
    MemoryConfig,
    ModelConfig,
    PlanConfig,
    ProbeConfig,
    RewardConfig,
    Section,
    SourceConfig,
    TrainConfig,
    WriteConfig,
)  # fmt: skip
from agent.errors import ConfigError
from agent.redact import without_credentials

FILE_NAME = "seal.toml"
DEFAULT_HOME = Path("~/.seal")
REFERENCE = "Every key stands in docs/config.md."
MAY_BE_SELF = ("write", "endpoint")


class Config(Section):
    """Everything that can be set. Every path that seal writes to is derived from `home`."""

    home: Annotated[
        HomePath,
        MACHINE,
        Field(description="Folder of everything that seal keeps. In a file, relative to the file's folder."),
    ] = DEFAULT_HOME
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()
    plan: PlanConfig = PlanConfig()
    write: WriteConfig = WriteConfig()
    probe: ProbeConfig = ProbeConfig()
    reward: RewardConfig = RewardConfig()
    gate: GateConfig = GateConfig()
    improve: ImproveConfig = ImproveConfig()
    judge: JudgeConfig = JudgeConfig()
    memory: MemoryConfig = MemoryConfig()
    ledger: LedgerConfig = LedgerConfig()
    ask: AskConfig = AskConfig()
    source: SourceConfig = SourceConfig()
    endpoints: Mapping[str, EndpointConfig] = {}

    def endpoint(self, name: str) -> EndpointConfig:
        """The endpoint of that name.

        Raises:
            ConfigError: no endpoint has that name.
        """
        if name in self.endpoints:
            return self.endpoints[name]
        raise self.no_endpoint(name)

    def no_endpoint(self, name: str) -> ConfigError:
        """The error for a name that no endpoint has."""
        defined = ", ".join(self.endpoints) or "none"
        return ConfigError(
            f'no endpoint is named "{name}" (defined: {defined})',
            f"Add a section [endpoints.{name}] with url and model, or use a name that is defined.",
        )

    @property
    def chats(self) -> tuple[str, ...]:
        """The names of the endpoints whose chat models learning asks."""
        planning = self.plan.endpoint if self.plan.planner == "chat" else ""
        found = (planning, self.write.endpoint, self.probe.endpoint, self.judge.endpoint)
        return tuple(dict.fromkeys(name for name in found if name and name != SELF))

    def recorded(self) -> dict[str, Any]:
        """The whole configuration as JSON data, for the ledger and the trace: without passwords in URLs."""
        return {key: _recordable(value) for key, value in self.model_dump(mode="json").items()}

    @property
    def ledger_url(self) -> str:
        return self.ledger.url or "sqlite:///" + quote(str(self.home / "ledger.sqlite"))

    @property
    def models_dir(self) -> Path:
        return self.home / "models"

    @property
    def adapters_dir(self) -> Path:
        return self.home / "adapters"

    @property
    def work_dir(self) -> Path:
        return self.home / "work"

    @property
    def writers_dir(self) -> Path:
        """Adapters of writer policies, each named by the hash of its content."""
        return self.home / "writers"

    @property
    def datasets_dir(self) -> Path:
        """What writer policies were trained on, each version named by the hash of its content."""
        return self.home / "datasets"

    @property
    def dataset_path(self) -> Path:
        return self.home / "dataset.jsonl"

    @property
    def memory_dir(self) -> Path:
        return self.home / "memory"

    @property
    def reports_dir(self) -> Path:
        return self.home / "reports"

    @property
    def stop_path(self) -> Path:
        """`seal improve` stops where this file is."""
        return self.home / "stop"

    @property
    def checkpoints_path(self) -> Path:
        return self.home / "checkpoints.sqlite"


def _recordable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _recordable(item) for key, item in value.items()}
    return without_credentials(value) if isinstance(value, str) else value


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
        value: Any = config
        for part in key.path:
            value = getattr(value, part)
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
