"""Word lists, kept as data: `data/lexicon.toml` says what each is for."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


def words(name: str) -> frozenset[str]:
    """The words of one list."""
    return frozenset(_lists()[name].split())


@cache
def _lists() -> dict[str, str]:
    return tomllib.loads(files("agent.text").joinpath("data/lexicon.toml").read_text(encoding="utf-8"))
