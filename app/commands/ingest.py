"""`seal ingest`: read sources, learn what is new, report."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from agent.config import Config
from agent.drafts import sweep
from agent.errors import ConfigError, SourceError, TrainerError
from app.cli import GO_ON
from app.progress import IngestProgress
from app.report import show_summary
from app.session import alone, configured, emit, insisted, resume_command, say_waiting
from app.stopping import stoppable

if TYPE_CHECKING:
    from graphs.run import Run


def run(
    sources: Sequence[str], resume: str | None, home: Path | None, file: Path | None,
    overrides: Sequence[str], as_json: bool, again: bool = False,
) -> None:  # fmt: skip
    """Raises SealError where nothing could be read or the run had to stop."""
    if bool(sources) == bool(resume):
        raise ConfigError("name at least one source, or --resume RUN", "seal ingest --help shows examples")
    if resume and again:
        cause = "--again is for sources; a run that is resumed goes on as it began"
        raise ConfigError(cause, f"seal ingest --resume {resume}, or seal ingest SOURCE --again")
    config = configured(home, file, overrides)
    with alone(config.home):
        summary = learn(config, sources, resume, insisted(overrides), again)
    if as_json:
        emit(summary)
    else:
        show_summary(summary)
    end(summary)


def end(summary: Mapping[str, Any]) -> None:
    """Exit with the code of what failed in the run, if anything did."""
    if summary["failures"]:
        raise typer.Exit(SourceError.exit_code)
    if summary["failed"]:
        raise typer.Exit(TrainerError.exit_code)


def learn(
    config: Config,
    sources: Sequence[str],
    resume: str | None = None,
    insists: Mapping[str, Any] | None = None,
    again: bool = False,
) -> dict[str, Any]:
    """One run of the ingest graph, from the first source to the summary. To be called alone in the home folder.

    Sources that an earlier run was cut off in the middle of are not begun anew: that run goes on, under the
    configuration that it began with, but for the keys that stand in `insists` (see `as_recorded`). With `again`
    documents are learned anew that no adapter answers for: what was taken back, or not published.

    Raises:
        SealError: what stopped the run. It is written down as stopped and can be resumed.
        KeyboardInterrupt: likewise.
    """
    from graphs.run import begin, take_up
    from graphs.runtime import Runtime

    progress = IngestProgress()
    sweep(config.home, config.work_dir, config.adapters_dir)
    runtime = Runtime(config, listener=progress.listen, progress=progress.trained)
    # A run that is not done while nobody else has this lock was cut off.
    with runtime.ledger.alone(lambda: say_waiting("into the same ledger")):
        run = take_up(runtime, resume) if resume else begin(runtime, [_absolute(s) for s in sources], again)
        if run.goes_on:
            progress.total = run.left
            if not resume:
                typer.secho(f"run {run.name} of these sources was cut off; going on with it. What is new since then "
                            "comes with the next run.", err=True)  # fmt: skip
        with _written_down(run):
            _say_changed(run, *run.configure(insists or {}))
            with progress:
                run.learn()
        return run.finish()


def _say_changed(run: Run, new: list[str], aside: list[str]) -> None:
    if new:
        typer.secho(f"run {run.name} goes on with these keys changed: {', '.join(new)}", err=True)
    if aside:
        typer.secho(f"run {run.name} goes on under the configuration that it began with; put aside from today's: "
                    f"{', '.join(aside)}", err=True)  # fmt: skip


@contextmanager
def _written_down(run: Run) -> Iterator[None]:
    """A run that is stopped, by a person or by an error, is marked so in the ledger, and says how to go on."""
    once = threading.Lock()

    def mark(cause: str) -> str:
        """Returns how to go on, where there is something to go on with."""
        return GO_ON + resume_command(run.runtime.config.home, run.name) if run.stop(cause) else ""

    def last_words() -> None:
        if once.acquire(blocking=False):
            typer.secho("; ".join(filter(None, ["stopped", mark("stopped")])), err=True)

    with stoppable(last_words):
        try:
            yield
        except BaseException as error:
            if once.acquire(blocking=False):
                how = mark(str(error) or type(error).__name__)
                if how:
                    error.add_note(how)
            raise


def _absolute(source: str) -> str:
    """Paths are kept absolute, so that a run can be resumed from another folder."""
    return source if "://" in source else str(Path(source).expanduser().absolute())
