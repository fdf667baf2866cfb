"""What every command is given: where its home is, what it is configured with, and how it answers."""

from __future__ import annotations

import json
import logging
import os
import shlex
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import typer

from agent.config import Config, load_config
from agent.config.sections import DEFAULT_HOME
from agent.config.settings import flags
from agent.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from agent.ports import Progress
    from agent.records import Event, Record
    from graphs.context import Context, Makers


@dataclass(frozen=True)
class Session:
    """The options that all commands share. `file` is the configuration's, `overrides` are dotted keys with TOML values.
    `makers` is what the ports are made by, None for seal's own."""

    home: Path | None = None
    file: Path | None = None
    overrides: Mapping[str, str] | None = None
    as_json: bool = False
    makers: Makers | None = None

    def insisting(self, key: str, value: object) -> Session:
        """With an option of a command's own as --set has it, where it was given."""
        return self if value is None else replace(self, overrides={**(self.overrides or {}), key: str(value)})

    @cached_property
    def insisted(self) -> dict[str, Any]:
        """What was given with --set, as nested data: it wins over what a run that goes on has recorded.

        Raises:
            ConfigError: a key is not one.
        """
        return flags(self.overrides or {})

    @cached_property
    def config(self) -> Config:
        """The configuration that the command runs with. Raises ConfigError where it is wrong."""
        quiet()
        return load_config(self.file, self.overrides, self.home)

    def context(self, listener: Callable[[Event], None] | None = None, progress: Progress | None = None) -> Context:
        """The ports over the configuration. They open ledger, memory and model when they are asked for."""
        from graphs.context import Context
        from graphs.wiring import REAL

        return Context(self.config, self.makers or REAL, listener, progress)

    def opened(self) -> Context:
        """The same over what is in a home already.

        Raises:
            ConfigError: as `config` does.
            StoreError: there is nothing yet; nothing is made then, since the home may be mistyped.
        """
        context = self.context()
        if not context.begun:
            mend = f"start with: {self.command('ingest SOURCE')}, or name another folder with --home"
            raise StoreError(f"there is nothing at {self.config.home} yet", mend)
        return context

    def command(self, words: str) -> str:
        """What a person types to have `seal WORDS` done here: seal as it was called now, with --home and --config where
        they are needed."""
        known = self.config.home == DEFAULT_HOME.expanduser().resolve()
        home = "" if known else f" --home {shlex.quote(str(self.config.home))}"
        file = f" --config {shlex.quote(str(self.file.absolute()))}" if self.file else ""
        return f"{program()} {words}{home}{file}"

    def resume(self, verb: str, run: str, key: str = "") -> str:
        """What a person types to go on with a run, with another value for a key where one was at fault."""
        return self.command(f"{verb} --resume {run}" + (f" --set {key}=..." if key else ""))

    def tell(self, result: Record | Mapping[str, Any], show: Callable[[], None]) -> None:
        """The result of a command on stdout: with --json as one object, else as `show` prints it."""
        if self.as_json:
            emit(result if isinstance(result, Mapping) else result.model_dump(mode="json", by_alias=True))
        else:
            show()


def pairs(given: list[str] | None) -> dict[str, str]:
    """What was given with --set, by key.

    Raises:
        ConfigError: an override is not KEY=VALUE.
    """
    found: dict[str, str] = {}
    for item in given or []:
        key, sign, value = item.partition("=")
        if not sign or not key:
            raise ConfigError(f"--set {item!r} is not KEY=VALUE", "write for example --set train.epochs=4")
        found[key.strip()] = value
    return found


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """One ingest at a time works in a home folder; the next one waits. `Ledger.alone` does the same for a ledger.

    The lock goes with its process, however that ends.

    Raises:
        StoreError: the folder cannot be made.
    """
    from filelock import FileLock, Timeout

    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{home} cannot be made: {error.strerror}", "choose another folder with --home") from error
    lock = FileLock(home / "ingest.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say_waiting(f"in {home}")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def say_waiting(where: str) -> None:
    typer.secho(f"another seal is learning {where}; waiting for it to end", err=True)


def program() -> str:
    """seal as it was called now."""
    called = sys.argv[0]
    return "seal" if Path(called).name != "seal" or shutil.which("seal") == called else shlex.quote(called)


class GoOn(str):
    """A note on an error: how to go on with the run that it stopped."""

    def __new__(cls, how: str) -> Self:
        return super().__new__(cls, f"go on with: {how}")


def quiet() -> None:
    """Libraries keep their progress bars and notices to themselves; ours are the ones a person sees."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TQDM_DISABLE", "1")
    warnings.filterwarnings("ignore")
    logging.getLogger().setLevel(logging.ERROR)


def emit(result: Mapping[str, Any]) -> None:
    """One JSON object on stdout."""
    typer.echo(json.dumps(result, ensure_ascii=False, default=str))
