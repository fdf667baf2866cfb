"""`seal ingest`: read sources, learn what is new, report."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from agent.config import Config
from agent.config_recorded import as_recorded, changed
from agent.drafts import sweep
from agent.errors import ConfigError, SourceError, StoreError, TrainerError
from agent.ports import Ledger
from agent.redact import without_credentials
from app.cli import GO_ON
from app.progress import IngestProgress
from app.report import show_summary
from app.session import alone, configured, emit, insisted, resume_command, say_waiting
from app.stopping import stoppable
from app.summary import summarize

if TYPE_CHECKING:
    from graphs.runtime import Runtime


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
    from graphs.ingest import AGAIN, INGEST, cut_off, forget_checkpoints, ingest, new_run, sources_of
    from graphs.runtime import Runtime

    kind, progress = AGAIN if again else INGEST, IngestProgress()
    sweep(config.home, config.work_dir, config.adapters_dir)
    runtime = Runtime(config, listener=progress.listen, progress=progress.trained)
    ledger = runtime.ledger
    # A run that is not done while nobody else has this lock was cut off.
    with ledger.alone(lambda: say_waiting("into the same ledger")):
        wanted = sources_of(ledger, resume) if resume else [_absolute(s) for s in sources]
        earlier = resume or cut_off(ledger, wanted, config.model.name, kind)
        if earlier and not resume:
            typer.secho(f"run {earlier} of these sources was cut off; going on with it. What is new since then comes "
                        "with the next run.", err=True)  # fmt: skip
        run = earlier or new_run()
        ledger.start_run(run, kind, config.recorded(), [without_credentials(source) for source in wanted])
        if earlier:
            progress.total = len(ledger.documents(run)) - len(ledger.outcomes(run))
        with _written_down(runtime, run):
            # Only the ledger is open yet, and where that is does not depend on what the run recorded.
            runtime.config, anew = _begun_under(config, ledger, run, insists or {})
            if anew:  # where it was, it was under the former configuration; the ledger knows what is left
                forget_checkpoints(runtime, run)
            with progress:
                ingest(runtime, wanted, run, resume=bool(earlier))
        summary = summarize(ledger, run)
        forget_checkpoints(runtime, run)  # first: a run that is done has none, wherever it was cut off
        ledger.finish_run(run, "done", {k: v for k, v in summary.items() if k not in ("results", "answers")})
    return summary


def _begun_under(config: Config, ledger: Ledger, run: str, insists: Mapping[str, Any]) -> tuple[Config, bool]:
    """The configuration that decides what the run learns, and whether a person has changed it now.

    It is the recorded one, in which keys that are insisted on are replaced, for good. Says which keys of today it
    beats, and which ones beat it.
    """
    recorded = next(r["config"] for r in ledger.runs() if r["run"] == run)
    begun, aside = as_recorded(config, recorded, insists)
    new = changed(begun, as_recorded(config, recorded)[0])
    if new:
        ledger.change_config(run, begun.recorded())
        typer.secho(f"run {run} goes on with these keys changed: {', '.join(new)}", err=True)
    if aside:
        typer.secho(f"run {run} goes on under the configuration that it began with; put aside from today's: "
                    f"{', '.join(aside)}", err=True)  # fmt: skip
    return begun, bool(new)


@contextmanager
def _written_down(runtime: Runtime, run: str) -> Iterator[None]:
    """A run that is stopped, by a person or by an error, is marked so in the ledger, and says how to go on."""
    ledger, once = runtime.ledger, threading.Lock()

    def mark(cause: str) -> str:
        """Returns how to go on, where there is something to go on with."""
        # A ledger that cannot be written now must not hide what stopped the run.
        with suppress(StoreError):
            ledger.finish_run(run, "stopped", {"error": cause})
            if ledger.documents(run):
                return GO_ON + resume_command(runtime.config.home, run)
        return ""

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
