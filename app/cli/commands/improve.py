"""`seal improve`: the outer loop, from its documents to a better policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from agent.errors import ConfigError
from agent.files import sweep
from app.cli.commands.ingest import Approve, located
from app.cli.running import carry_out
from app.cli.session import Session, alone
from app.show.progress import ImproveProgress
from app.show.report import show_estimate, show_improvement
from app.show.round_page import write_pages
from app.show.trackers import check

if TYPE_CHECKING:
    from graphs.views.improvement import Improvement


def run(
    session: Session,
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOURCE", show_default=False, help="As for seal ingest. None: what was read before"),
    ] = None,
    resume: Annotated[str | None, typer.Option(metavar="RUN", help="Go on with a run that was cut off")] = None,
    rounds: Annotated[int | None, typer.Option(metavar="N", help="Rounds, as --set improve.rounds=N")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would cost, and do nothing")] = False,
    approve: Approve = None,
) -> None:
    """Learn to plan self-edits better, or to write them better.

    Each round practises on some documents: several self-edits for each, trained and rewarded as in seal ingest, but
    nothing is published. From all rewards so far a policy is learned: which strategy and learning rate suit which
    document. Documents that are never practised on decide whether it is better than the one that acts, beside two
    controls: policies learned from the same rewards dealt out at random, and one that has learned nothing. What
    is proved better is promoted and plans from then on, also in seal ingest. With a writer among improve.learns the
    base model itself is trained to write self-edits, likewise.

    Every round writes a page with plots into the folder reports of the home. It stops after improve.rounds rounds, at
    a budget (docs/config.md, [improve]), on Ctrl-C, after the step in hand on SIGTERM, and where a file named stop lies
    in the home folder.

    \b
    Examples:
      seal improve articles.jsonl
      seal improve articles.jsonl --dry-run
      seal improve --rounds 10 --set improve.hours=8 --approve policy
      seal improve --set write.endpoint=self --set 'improve.learns=["planner", "writer"]'
      seal improve --resume 20260101-1200-ab12

    \f
    Raises SealError where nothing could be read or the run had to stop.
    """
    session = session.insisting("improve.rounds", rounds).insisting("gate.approve", approve)
    # Without sources it takes the documents of a ledger, which must be there.
    context = session.context() if sources else session.opened()
    if sources and resume:
        cause = "a source and --resume do not go together: a run goes on as it began"
        raise ConfigError(cause, f"{session.resume('improve', resume)}, or {session.command('improve SOURCE')}")
    if dry_run:
        from graphs.views.improvement import estimate

        found = estimate(context)
        session.tell(found, lambda: show_estimate(found))
        return
    with alone(session.config.home):
        summary = improve(session, sources or [], resume)
    session.tell(summary, lambda: show_improvement(summary))


def improve(session: Session, sources: Sequence[str], resume: str | None = None) -> Improvement:
    """One run of the outer loop. To be called alone in the home folder.

    Raises:
        MissingExtra: a tracker that is to get the figures is not installed. Nothing is begun then.
        SealError: what stopped the run. It is written down as stopped and can be resumed.
        KeyboardInterrupt: likewise.
    """
    from graphs.runs.flows import IMPROVE

    config, progress = session.config, ImproveProgress()
    check(config.improve.report_to)
    pages = config.reports_dir.glob("*")
    sweep(config.home, config.work_dir, config.adapters_dir, config.writers_dir, config.datasets_dir, *pages)
    context = session.context(progress.listen, progress.trained)
    found = [located(source) for source in sources]
    summary, before = carry_out(session, IMPROVE, "improve", context, progress, found, resume)
    page = None if before else write_pages(context.ledger, summary.run, config.reports_dir)
    return summary.model_copy(update={"home": str(config.home), "report": str(page) if page else None})
