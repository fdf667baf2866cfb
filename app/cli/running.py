"""What commands that run for long have in common: they can be stopped at any moment, and say how to go on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import typer

from app.cli.session import GoOn, Session, say_waiting
from app.cli.stopping import Terminated, stoppable

if TYPE_CHECKING:
    from app.show.progress import RunProgress
    from graphs.context import Context
    from graphs.runs.life import Flow, Life, Summed

    S = TypeVar("S", bound=Summed)


def carry_out(
    session: Session, flow: Flow[S], context: Context, progress: RunProgress, resume: str | None,
    begin: Callable[[Context], Life[S]],
) -> tuple[S, bool]:  # fmt: skip
    """Begin a run, or take the one up that `resume` names, and carry it to its end. Returns what it came to, and
    whether that was done before: a run that is done is not touched.

    Raises:
        SealError: what stopped the run. It is written down as stopped and can be resumed.
        KeyboardInterrupt: likewise.
    """
    from graphs.runs.life import ended, take_up

    # A run that is not done while nobody else has this lock was cut off.
    with context.ledger.alone(lambda: say_waiting("into the same ledger")):
        done = ended(flow, context.ledger, resume) if resume else None
        if done:
            typer.secho(f"run {resume} is done, nothing is left of it; this is what it came to", err=True)
            return done, True
        life = take_up(flow, context, resume) if resume else begin(context)
        if life.goes_on and not resume:
            typer.secho(f"run {life.name} of these sources was cut off; going on with it. What is new since then "
                        "comes with the next run.", err=True)  # fmt: skip
        with _written_down(session, life):
            life, new, aside = life.configure(session.insisted)
            _say_changed(life.name, new, aside)
            progress.begin(life)
            with progress:
                life.run()
        return life.finish(), False


def _say_changed(run: str, new: list[str], aside: list[str]) -> None:
    if new:
        typer.secho(f"run {run} goes on with these keys changed: {', '.join(new)}", err=True)
    if aside:
        typer.secho(f"run {run} goes on under the configuration that it began with; put aside from today's: "
                    f"{', '.join(aside)}", err=True)  # fmt: skip


@contextmanager
def _written_down(session: Session, life: Life[S]) -> Iterator[None]:
    """A run that is stopped, by a person or by an error, is marked so in the ledger, and says how to go on. The first
    SIGTERM lets its step in hand finish; the run is then marked with that as the cause."""
    from langgraph.errors import GraphDrained

    once = threading.Lock()

    def mark(cause: str, key: str = "") -> GoOn | None:
        """Returns how to go on, where there is something to go on with."""
        return GoOn(session.resume(life.flow.verb, life.name, key)) if life.stop(cause) else None

    def last_words() -> None:
        if once.acquire(blocking=False):
            typer.secho("; ".join(filter(None, ["stopped", mark("stopped")])), err=True)

    with stoppable(last_words, lambda: life.stop_after_step(signal.SIGTERM.name)):
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
