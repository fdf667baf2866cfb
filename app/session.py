"""What every command begins with: the configuration from file and flags, and the runtime over it."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from agent.config import Config, load_config
from agent.errors import ConfigError


def configured(home: Path | None, file: Path | None, overrides: Sequence[str]) -> Config:
    """The configuration that a command runs with.

    Raises:
        ConfigError: an override is not KEY=VALUE, or the configuration is wrong.
    """
    pairs: dict[str, str] = {}
    for item in overrides:
        key, sign, value = item.partition("=")
        if not sign or not key:
            raise ConfigError(f"--set {item!r} is not KEY=VALUE", "write for example --set train.epochs=4")
        pairs[key.strip()] = value
    quiet()
    return load_config(file, pairs, home)


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
