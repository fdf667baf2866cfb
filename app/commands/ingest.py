"""`seal ingest`: read sources, learn what is new, report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from agent.config import Config
from agent.errors import ConfigError, SealError, SourceError
from app.progress import IngestProgress
from app.report import show_summary
from app.session import configured, emit
from app.summary import summarize


def run(
    sources: Sequence[str], resume: str | None, home: Path | None, file: Path | None, overrides: Sequence[str],
    as_json: bool,
) -> None:  # fmt: skip
    """Raises SealError where nothing could be read or the run had to stop."""
    if bool(sources) == bool(resume):
        raise ConfigError("name at least one source, or --resume RUN", "seal ingest --help shows examples")
    config = configured(home, file, overrides)
    summary = execute(config, sources, resume)
    if as_json:
        emit(summary)
    else:
        show_summary(summary)
    if summary["failed"]:
        raise typer.Exit(SourceError.exit_code)


def execute(config: Config, sources: Sequence[str], resume: str | None = None) -> dict[str, Any]:
    """One run of the ingest graph, from the first source to the summary.

    Raises:
        SealError: what stopped the run. It is written down as stopped and can be resumed.
        KeyboardInterrupt: likewise.
    """
    from graphs.ingest import ingest, new_run, sources_of
    from graphs.runtime import Runtime

    began, progress = time.perf_counter(), IngestProgress()
    runtime = Runtime(config, listener=progress.listen, progress=progress.trained)
    run = resume or new_run()
    wanted = sources_of(runtime.ledger, run) if resume else [_absolute(s) for s in sources]
    runtime.ledger.start_run(run, "ingest", config.recorded(), wanted)
    if resume:
        progress.total = len(runtime.ledger.documents(run)) - len(runtime.ledger.outcomes(run))
    try:
        with progress:
            ingest(runtime, wanted, run, resume=bool(resume))
    except (SealError, KeyboardInterrupt) as error:
        runtime.ledger.finish_run(run, "stopped", {"error": str(error) or type(error).__name__})
        if runtime.ledger.documents(run):
            typer.secho(f"run {run} stopped; go on with: seal ingest --resume {run}", err=True)
        raise
    summary = summarize(runtime.ledger, run, time.perf_counter() - began)
    runtime.ledger.finish_run(run, "done", {k: v for k, v in summary.items() if k not in ("results", "answers")})
    return summary


def _absolute(source: str) -> str:
    """Paths are kept absolute, so that a run can be resumed from another folder."""
    return source if "://" in source else str(Path(source).expanduser().absolute())
