"""The seal command over the fake engine, in this process.

The command makes its runtime from the configuration alone, so the fake is put in at that one place.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import graphs.runtime
from agent.config import Config, load_config
from app.cli.main import app
from tests.fakes.house import FakeRuntime

LENIENT = ("--set", "ask.max_distance=0.9")
"""The fake embedder's distances are greater than those of the real one."""


class CommandRuntime(FakeRuntime):
    """FakeRuntime with the configuration of the command line."""

    def __init__(self, config: Config, **more: Any) -> None:
        super().__init__(config.home, **more)
        self.config = config


class Seal:
    """`seal("ask", "Who?")` runs the command in this process, with a home folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: str | Path, width: int | None = None) -> Result:
        given = [str(argument) for argument in arguments]
        runner = CliRunner(env={"COLUMNS": str(width) if width else None})
        return runner.invoke(app, [*given, "--home", str(self.home)], catch_exceptions=False)

    def json(self, *arguments: str | Path) -> Any:
        """The one object that a command prints, which must succeed."""
        done = self(*arguments, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def ingest(self, *sources: str | Path) -> Any:
        return self.json("ingest", *sources, *LENIENT)

    def help(self, *command: str) -> str:
        return CliRunner().invoke(app, [*command, "--help"]).stdout

    def runtime(self) -> CommandRuntime:
        """A look into the home folder."""
        return CommandRuntime(load_config(None, {}, self.home))


def use_fake(monkeypatch: pytest.MonkeyPatch, runtime: type[CommandRuntime] = CommandRuntime) -> None:
    monkeypatch.setattr(graphs.runtime, "Runtime", runtime)
