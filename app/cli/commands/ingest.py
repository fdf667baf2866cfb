"""`seal ingest`: read sources, learn what is new, report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from agent.config import Config
from agent.errors import ConfigError, SourceError, TrainerError
from agent.files import sweep
from app.cli.running import say_changed, written_down
from app.cli.session import alone, command, configured, emit, insisted, opened, resume_command, say_waiting
from app.show.progress import IngestProgress
from app.show.report import show_summary


def run(
    sources: Sequence[str], resume: str | None, home: Path | None, file: Path | None,
    overrides: Sequence[str], as_json: bool, again: bool = False,
) -> None:  # fmt: skip
    """Ends with the code of what failed. Raises SealError where nothing could be read or the run had to stop."""
    # Only a run of a home that is there can go on.
    config = opened(home, file, overrides).config if resume else configured(home, file, overrides)
    if not sources and not resume:
        raise ConfigError("name at least one source, or --resume RUN", f"{command('ingest --help')} shows examples")
    if resume and (sources or again):
        cause = f"{'a source' if sources else '--again'} and --resume do not go together: a run goes on as it began"
        instead = command("ingest SOURCE" + " --again" * again, config.home)
        raise ConfigError(cause, f"{resume_command(config.home, resume)}, or {instead}")
    with alone(config.home):
        summary, code = learn(config, sources, resume, insisted(overrides), again)
    if as_json:
        emit(summary)
    else:
        show_summary(summary)
    if code:
        raise typer.Exit(code)


def learn(
    config: Config,
    sources: Sequence[str],
    resume: str | None = None,
    insists: Mapping[str, Any] | None = None,
    again: bool = False,
) -> tuple[dict[str, Any], int]:
    """One run of the ingest graph, from the first source to the summary. To be called alone in the home folder.

    Sources that an earlier run was cut off in the middle of are not begun anew: that run goes on, under the
    configuration that it began with, but for the keys that stand in `insists` (see `as_recorded`). With `again`
    documents are learned anew that no adapter answers for: what was taken back, or not published. A run that is done
    is not touched.

    Returns the summary, and the exit code of what failed now, if anything did.

    Raises:
        SealError: what stopped the run. It is written down as stopped and can be resumed.
        KeyboardInterrupt: likewise.
    """
    from graphs.runs.life import begin, ended, take_up
    from graphs.runtime import Runtime

    progress = IngestProgress()
    sweep(config.home, config.work_dir, config.adapters_dir)
    runtime = Runtime(config, listener=progress.listen, progress=progress.trained)
    # A run that is not done while nobody else has this lock was cut off.
    with runtime.ledger.alone(lambda: say_waiting("into the same ledger")):
        done = ended(runtime.ledger, resume) if resume else None
        if done:
            typer.secho(f"run {resume} is done, nothing is left of it; this is what it came to", err=True)
            return done | {"home": str(config.home)}, 0
        run = take_up(runtime, resume) if resume else begin(runtime, [located(s) for s in sources], again)
        if run.goes_on:
            progress.total = run.left
            if not resume:
                typer.secho(f"run {run.name} of these sources was cut off; going on with it. What is new since then "
                            "comes with the next run.", err=True)  # fmt: skip
        with written_down(run, "ingest"):
            say_changed(run, *run.configure(insists or {}))
            with progress:
                run.learn()
        summary = run.finish() | {"home": str(config.home)}
        return summary, _code(summary)


def _code(summary: Mapping[str, Any]) -> int:
    if summary["failures"]:
        return SourceError.exit_code
    return TrainerError.exit_code if summary["failed"] else 0


def located(source: str) -> str:
    """A path in one way of many, so that a run can be resumed from another folder, and is found again by its sources.

    The last name stays as it was given, also where it is a symbolic link: it may become a document's title.
    """
    if "://" in source:
        return source
    path = Path(source).expanduser()
    return str(path.resolve() if path.name in ("", "..") else path.parent.resolve() / path.name)
