"""`seal improve`: the outer loop, from its documents to a better policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from agent.config import Config
from agent.errors import ConfigError
from agent.files import sweep
from app.cli.commands.ingest import located
from app.cli.running import say_changed, written_down
from app.cli.session import alone, command, configured, emit, insisted, opened, resume_command, say_waiting
from app.show.improve_progress import ImproveProgress
from app.show.improve_report import estimate, show_estimate, show_improvement
from app.show.round_page import write_pages
from app.show.trackers import check


def run(
    sources: Sequence[str], resume: str | None, dry_run: bool, home: Path | None, file: Path | None,
    overrides: Sequence[str], as_json: bool,
) -> None:  # fmt: skip
    """Raises SealError where nothing could be read or the run had to stop."""
    # Without sources it takes the documents of a ledger, which must be there.
    config = configured(home, file, overrides) if sources else opened(home, file, overrides).config
    if sources and resume:
        cause = "a source and --resume do not go together: a run goes on as it began"
        instead = command("improve SOURCE", config.home)
        raise ConfigError(cause, f"{resume_command(config.home, resume, verb='improve')}, or {instead}")
    if dry_run:
        found = estimate(config)
        if as_json:
            emit(found)
        else:
            show_estimate(found)
        return
    with alone(config.home):
        summary = improve(config, sources, resume, insisted(overrides))
    if as_json:
        emit(summary)
    else:
        show_improvement(summary)


def improve(
    config: Config, sources: Sequence[str], resume: str | None = None, insists: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One run of the outer loop. To be called alone in the home folder. Returns its summary.

    Raises:
        MissingExtra: a tracker that is to get the figures is not installed. Nothing is begun then.
        SealError: what stopped the run. It is written down as stopped and can be resumed.
        KeyboardInterrupt: likewise.
    """
    from graphs.runs.improve import begin, ended, take_up
    from graphs.runtime import Runtime

    check(config.improve.report_to)
    progress = ImproveProgress()
    pages = config.reports_dir.glob("*")
    sweep(config.home, config.work_dir, config.adapters_dir, config.writers_dir, config.datasets_dir, *pages)
    runtime = Runtime(config, listener=progress.listen, progress=progress.trained)
    with runtime.ledger.alone(lambda: say_waiting("into the same ledger")):
        done = ended(runtime.ledger, resume) if resume else None
        if done:
            typer.secho(f"run {resume} is done; this is what it came to", err=True)
            return done
        run = take_up(runtime, resume) if resume else begin(runtime, [located(s) for s in sources])
        if run.goes_on and not resume:
            typer.secho(f"run {run.name} of these sources was cut off; going on with it", err=True)
        with written_down(run, "improve"):
            say_changed(run, *run.configure(insists or {}))
            progress.begin(runtime.config, runtime.ledger, run.name)
            with progress:
                run.learn()
        summary = run.finish() | {"home": str(config.home)}
        page = write_pages(runtime.ledger, run.name, config.reports_dir)
        return summary | {"report": str(page) if page else None}
