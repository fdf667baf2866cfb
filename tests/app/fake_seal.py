"""The seal command over the fake engine, in this process. Its makers go in where Typer hands objects to commands."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from typer.testing import CliRunner, Result

from agent.config import load_config
from agent.ports import Progress, TrainFailure, TrainJob
from agent.records import Training
from app.cli.main import app
from graphs.context import Context, Makers
from tests.fakes.engine import FakeTrainer
from tests.fakes.house import fake_makers

LENIENT = ("--set", "ask.max_distance=0.9")
"""The fake embedder's distances are greater than those of the real one."""


class StoppedTrainer(FakeTrainer):
    """In training, `after` so many seconds, somebody presses Ctrl-C, or what else `error` says."""

    def __init__(self, error: BaseException | None = None, after: float = 0.0) -> None:
        super().__init__()
        self.error, self.after = error or KeyboardInterrupt(), after

    @classmethod
    def make(cls, _: Context) -> Self:
        return cls()

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]:
        time.sleep(self.after)
        raise self.error


class Seal:
    """`seal("ask", "Who?")` runs the command in this process, with a home folder of its own."""

    def __init__(self, home: Path, makers: Makers | None = None) -> None:
        self.home, self.makers = home, makers or fake_makers()

    def made_by(self, **others: Any) -> Seal:
        """The same home, with some parts made by others: see `fake_makers`."""
        return Seal(self.home, fake_makers(**others))

    def __call__(self, *arguments: str | Path, width: int | None = None) -> Result:
        given = [str(argument) for argument in arguments]
        runner = CliRunner(env={"COLUMNS": str(width) if width else None})
        return runner.invoke(app, [*given, "--home", str(self.home)], catch_exceptions=False, obj=self.makers)

    def json(self, *arguments: str | Path) -> Any:
        """The one object that a command prints, which must succeed."""
        done = self(*arguments, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def ingest(self, *sources: str | Path) -> Any:
        return self.json("ingest", *sources, *LENIENT)

    def help(self, *command: str) -> str:
        return CliRunner().invoke(app, [*command, "--help"]).stdout

    def context(self) -> Context:
        """A look into the home folder."""
        return Context(load_config(None, {}, self.home), self.makers)
