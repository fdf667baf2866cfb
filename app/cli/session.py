"""What every command begins with: the configuration from file and flags, and the runtime over it."""

from __future__ import annotations

import json
import logging
import os
import shlex
import shutil
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import typer

from agent.config.settings import DEFAULT_HOME, Config, flags, load_config
from agent.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from graphs.runtime import Runtime


def configured(home: Path | None, file: Path | None, overrides: Sequence[str]) -> Config:
    """The configuration that a command runs with.

    Raises:
        ConfigError: an override is not KEY=VALUE, or the configuration is wrong.
    """
    pairs = _pairs(overrides)
    quiet()
    return load_config(file, pairs, home)


def insisted(overrides: Sequence[str]) -> dict[str, Any]:
    """What was given with --set, as nested data: it wins over what a run that goes on has recorded.

    Raises:
        ConfigError: an override is not KEY=VALUE.
    """
    return flags(_pairs(overrides))


def _pairs(overrides: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for item in overrides:
        key, sign, value = item.partition("=")
        if not sign or not key:
            raise ConfigError(f"--set {item!r} is not KEY=VALUE", "write for example --set train.epochs=4")
        pairs[key.strip()] = value
    return pairs


def opened(home: Path | None, file: Path | None, overrides: Sequence[str]) -> Runtime:
    """The runtime over what is in a home already. It opens ledger, memory and model when they are asked for.

    Raises:
        ConfigError: as `configured` does.
        StoreError: there is nothing yet; nothing is made then, since the home may be mistyped.
    """
    from graphs.runtime import Runtime

    runtime = Runtime(configured(home, file, overrides))
    if not runtime.begun:
        there = runtime.config.home
        mend = f"start with: {command('ingest SOURCE', there)}, or name another folder with --home"
        raise StoreError(f"there is nothing at {there} yet", mend)
    return runtime


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


def command(words: str, home: Path | str | None = None) -> str:
    """What a person types to have `seal WORDS` done in a home: seal as it was called now, if need be with --home."""
    known = home is None or Path(home) == DEFAULT_HOME.expanduser().resolve()
    elsewhere = "" if known else f" --home {shlex.quote(str(home))}"
    return f"{_program()} {words}{elsewhere}"


def _program() -> str:
    called = sys.argv[0]
    return "seal" if Path(called).name != "seal" or shutil.which("seal") == called else shlex.quote(called)


def resume_command(home: Path, run: str, key: str = "", verb: str = "ingest") -> str:
    """What a person types to go on with a run, with another value for a key where one was at fault."""
    return command(f"{verb} --resume {run}" + (f" --set {key}=..." if key else ""), home)


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


def emit(result: dict[str, Any]) -> None:
    """One JSON object on stdout."""
    typer.echo(json.dumps(result, ensure_ascii=False, default=str))
