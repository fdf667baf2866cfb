"""`seal improve`: the outer loop, from its documents to a better policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.errors import ConfigError
from agent.files import sweep
from app.cli.commands.ingest import located
from app.cli.running import carry_out
from app.cli.session import Session, alone
from app.show.improve_progress import ImproveProgress
from app.show.improve_report import show_estimate, show_improvement
from app.show.round_page import write_pages
from app.show.trackers import check

if TYPE_CHECKING:
    from graphs.views.improvement import Improvement


def run(session: Session, sources: Sequence[str], resume: str | None, dry_run: bool) -> None:
    """Raises SealError where nothing could be read or the run had to stop."""
    # Without sources it takes the documents of a ledger, which must be there.
    context = session.context() if sources else session.opened()
    if sources and resume:
        cause = "a source and --resume do not go together: a run goes on as it began"
        raise ConfigError(cause, f"{session.resume('improve', resume)}, or {session.command('improve SOURCE')}")
    if dry_run:
        from graphs.views.improvement import estimate

        found = estimate(context)
        if session.as_json:
            session.emit(found)
        else:
            show_estimate(found)
        return
    with alone(session.config.home):
        summary = improve(session, sources, resume)
    if session.as_json:
        session.emit(summary)
    else:
        show_improvement(summary)


def improve(session: Session, sources: Sequence[str], resume: str | None = None) -> Improvement:
    """One run of the outer loop. To be called alone in the home folder.

    Raises:
        MissingExtra: a tracker that is to get the figures is not installed. Nothing is begun then.
        SealError: what stopped the run. It is written down as stopped and can be resumed.
        KeyboardInterrupt: likewise.
    """
    from graphs.runs.flows import IMPROVE
    from graphs.runs.life import begin

    config, progress = session.config, ImproveProgress()
    check(config.improve.report_to)
    pages = config.reports_dir.glob("*")
    sweep(config.home, config.work_dir, config.adapters_dir, config.writers_dir, config.datasets_dir, *pages)
    context = session.context(progress.listen, progress.trained)
    found = [located(source) for source in sources]
    summary, before = carry_out(
        session, IMPROVE, context, progress, resume, lambda fresh: begin(IMPROVE, fresh, found, "improve")
    )
    page = None if before else write_pages(context.ledger, summary.run, config.reports_dir)
    return summary.model_copy(update={"home": str(config.home), "report": str(page) if page else None})
