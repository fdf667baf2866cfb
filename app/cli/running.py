"""What commands that run for long have in common: they can be stopped at any moment, and say how to go on.

Ctrl-C and SIGTERM come to an orderly end where that is quick, to a hard one where something does not let go. The first
SIGTERM is no hurry: it comes from a service manager, which waits for a while and sends SIGKILL then.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

import typer

from app.cli.session import GoOn, Session, say_waiting

if TYPE_CHECKING:
    from agent.records import RunKind
    from app.show.progress import RunProgress
    from graphs.context import Context
    from graphs.runs.life import Flow, Life
    from graphs.views.summary import Summed

    S = TypeVar("S", bound=Summed)

GRACE = 3.0
"""Seconds for an orderly end. LangGraph waits for its threads, and one that asks a model server can take minutes."""

STOPPING = b"\nstopping; the step in hand begins anew when the run goes on\n"
FINISHING = b"\nSIGTERM: finishing the step in hand, then stopping; a second one, or Ctrl-C, stops at once\n"


class Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a command in the same way as Ctrl-C."""


def exit_code(error: KeyboardInterrupt) -> int:
    """128 and the number of the signal, as shells have it."""
    return 128 + (signal.SIGTERM if isinstance(error, Terminated) else signal.SIGINT)


@contextmanager
def stoppable(last_words: Callable[[], None], after_step: Callable[[], None]) -> Iterator[None]:
    """In the block, the first SIGTERM only calls `after_step`, which has the work end when its step in hand is done.
    Ctrl-C, and SIGTERM after that, raise KeyboardInterrupt.

    Where the process is still there GRACE seconds later, it is ended after `last_words`; another signal ends it at
    once. Either costs the step in hand and no more: a run can be killed at any moment.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread gets signals
        return
    asked: list[int] = []
    finishing: list[int] = []

    def end() -> None:
        try:
            last_words()
        finally:
            sys.stderr.flush()
            os._exit(128 + asked[0])

    def stop(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGTERM and not finishing and not asked:
            finishing.append(number)
            os.write(sys.stderr.fileno(), FINISHING)  # safe in a signal handler, where print is not
            after_step()
            return
        asked.append(number)
        if len(asked) > 1:
            os._exit(128 + number)
        os.write(sys.stderr.fileno(), STOPPING)
        watch = threading.Timer(GRACE, end)
        watch.daemon = True
        watch.start()
        raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

    # A signal that the shell has set to be ignored, as for background jobs, stays ignored.
    heard = [s for s in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(s) is not signal.SIG_IGN]
    before = {s: signal.signal(s, stop) for s in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def carry_out(
    session: Session, flow: Flow[S], kind: RunKind, context: Context, progress: RunProgress, sources: Sequence[str],
    resume: str | None,
) -> tuple[S, bool]:  # fmt: skip
    """Begin a run of sources, or take the one up that `resume` names, and carry it to its end. Returns what it came to,
    and whether that was done before: a run that is done is not touched.

    Raises:
        SealError: what stopped the run. It is written down as stopped and can be resumed.
        KeyboardInterrupt: likewise.
    """
    from graphs.runs.life import begin, ended, take_up

    # A run that is not done while nobody else has this lock was cut off.
    with context.ledger.alone(lambda: say_waiting("into the same ledger")):
        done = ended(flow, context.ledger, resume) if resume else None
        if done:
            typer.secho(f"run {resume} is done, nothing is left of it; this is what it came to", err=True)
            return done, True
        life = take_up(flow, context, resume) if resume else begin(flow, context, sources, kind)
        if life.goes_on and not resume:
            typer.secho(f"run {life.name} of these sources was cut off; going on with it. What is new since then "
                        "comes with the next run.", err=True)  # fmt: skip
        with _written_down(session, life):
            life, new, aside = life.configure(session.insisted)
            if new:
                typer.secho(f"run {life.name} goes on with these keys changed: {', '.join(new)}", err=True)
            if aside:
                typer.secho(f"run {life.name} goes on under the configuration that it began with; put aside from "
                            f"today's: {', '.join(aside)}", err=True)  # fmt: skip
            progress.begin(life)
            with progress:
                life.run()
        return life.finish(), False


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
