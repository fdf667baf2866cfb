"""What commands that run for long have in common: they can be stopped at any moment, and say how to go on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from app.cli.session import GoOn, resume_command
from app.cli.stopping import Terminated, stoppable

if TYPE_CHECKING:
    from graphs.runs.life import Run


def say_changed(run: Run, new: list[str], aside: list[str]) -> None:
    if new:
        typer.secho(f"run {run.name} goes on with these keys changed: {', '.join(new)}", err=True)
    if aside:
        typer.secho(f"run {run.name} goes on under the configuration that it began with; put aside from today's: "
                    f"{', '.join(aside)}", err=True)  # fmt: skip


@contextmanager
def written_down(run: Run, verb: str) -> Iterator[None]:
    """A run that is stopped, by a person or by an error, is marked so in the ledger, and says how to go on: by which
    command, `verb`. The first SIGTERM lets its step in hand finish; the run is then marked with that as the cause."""
    from langgraph.errors import GraphDrained

    once = threading.Lock()

    def mark(cause: str, key: str = "") -> GoOn | None:
        """Returns how to go on, where there is something to go on with."""
        return GoOn(resume_command(run.runtime.config.home, run.name, key, verb)) if run.stop(cause) else None

    def last_words() -> None:
        if once.acquire(blocking=False):
            typer.secho("; ".join(filter(None, ["stopped", mark("stopped")])), err=True)

    with stoppable(last_words, lambda: run.stop_after_step(signal.SIGTERM.name)):
        try:
            try:
                yield
            except GraphDrained as drained:
                raise Terminated(drained.reason) from drained
        except BaseException as error:
            if once.acquire(blocking=False):
                how = mark(str(error) or type(error).__name__, getattr(error, "key", ""))
                if how:
                    error.add_note(how)
            raise
