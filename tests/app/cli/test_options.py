"""The options that all commands share, and those of their own before them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.core import TyperGroup, TyperOption

from app.cli.main import app

SHARED = ["--home", "--config", "--set", "--json", "--debug"]
EACH_ITS_OWN = "bench"
"""Each benchmark is a program with all options of its own."""


def options(command: Any, *path: str) -> Iterator[tuple[str, list[str]]]:
    """Those of every command that `seal --help` lists, in their order, with what is typed for it."""
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            if name != EACH_ITS_OWN:
                yield from options(inner, *path, name)
    else:
        yield " ".join(path), [option.opts[0] for option in command.params if isinstance(option, TyperOption)]


ALL = dict(options(typer.main.get_command(app)))


def test_they_are_looked_for_in_all_commands() -> None:
    assert len(ALL) >= 13
    assert ALL.keys() >= {"demo", "ingest", "improve", "rollback", "memory rebuild"}
    assert ALL["rollback"][0] == "--policy", "it has options of its own"


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_the_shared_options_after_its_own(name: str) -> None:
    assert ALL[name][-len(SHARED) :] == SHARED
    assert len(set(ALL[name])) == len(ALL[name])
