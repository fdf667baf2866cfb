"""`seal ingest`: read sources, learn what is new, report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.errors import ConfigError, SourceError, TrainerError
from agent.files import sweep
from app.cli.running import carry_out
from app.cli.session import Session, alone, program
from app.show.progress import IngestProgress
from app.show.report import show_summary

if TYPE_CHECKING:
    from agent.records import RunKind
    from graphs.views.summary import Summary

Approve = Annotated[
    str | None,
    typer.Option(metavar="WHAT", help="What waits for your word: never, publish, policy or always, as gate.approve"),
]


def run(
    session: Session,
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOURCE", show_default=False, help="Feed or page URL, file, folder, or JSONL"),
    ] = None,
    resume: Annotated[str | None, typer.Option(metavar="RUN", help="Go on with a run that was cut off")] = None,
    again: Annotated[bool, typer.Option("--again", help="Learn anew what was taken back or not published")] = False,
    approve: Approve = None,
) -> None:
    """Read documents and learn them. What was learned before is skipped.

    For each document seal asks the base model, trains several adapters, and publishes the mean of the best where
    questions that were held out prove it better. Ctrl-C stops; the same command goes on where it was, under
    the configuration that the run began with, except for what --set says.

    --again learns those documents of the sources anew that no adapter answers for: what `seal rollback` took back,
    and what the gate did not let through. With the same configuration much the same comes of it, so change something,
    if only the seed. Each new attempt is also a new chance for luck at the gate.

    \b
    Examples:
      seal ingest https://example.org/feed.xml
      seal ingest notes/ paper.pdf
      seal ingest questions.jsonl --set plan.candidates=6
      seal ingest --resume 20260101-1200-ab12
      seal ingest notes/ --again --set train.seed=1

    \b
    A line of a JSONL file, all on one line:
      {"title": ..., "text": ..., "questions": [{"question": ..., "answer": ...}]}

    Ends with code 3 where an item could not be read, with 5 where one was read and its learning failed; the others
    are learned all the same.

    \f
    Ends with the code of what failed. Raises SealError where nothing could be read or the run had to stop.
    """
    session = session.insisting("gate.approve", approve)
    # Only a run of a home that is there can go on.
    config = session.opened().config if resume else session.config
    if not sources and not resume:
        raise ConfigError("name at least one source, or --resume RUN", f"{program()} ingest --help shows examples")
    if resume and (sources or again):
        cause = f"{'a source' if sources else '--again'} and --resume do not go together: a run goes on as it began"
        instead = session.command("ingest SOURCE" + " --again" * again)
        raise ConfigError(cause, f"{session.resume('ingest', resume)}, or {instead}")
    with alone(config.home):
        summary, code = learn(session, sources or [], resume, again)
    session.tell(summary, lambda: show_summary(summary, session.command))
    if code:
        raise typer.Exit(code)


def learn(
    session: Session, sources: Sequence[str], resume: str | None = None, again: bool = False
) -> tuple[Summary, int]:
    """One run of the ingest graph, from the first source to the summary. To be called alone in the home folder.

    Sources that an earlier run was cut off in the middle of are not begun anew: that run goes on, under the
    configuration that it began with, but for the keys that were insisted on (see `as_recorded`). With `again`
    documents are learned anew that no adapter answers for: what was taken back, or not published.

    Returns the summary, and the exit code of what failed now, if anything did.

    Raises:
        SealError: what stopped the run. It is written down as stopped and can be resumed.
        KeyboardInterrupt: likewise.
    """
    from graphs.runs.flows import INGEST

    config, progress = session.config, IngestProgress()
    sweep(config.home, config.work_dir, config.adapters_dir)
    context = session.context(progress.listen, progress.trained)
    kind: RunKind = "ingest --again" if again else "ingest"
    summary, before = carry_out(session, INGEST, kind, context, progress, [located(s) for s in sources], resume)
    return summary.model_copy(update={"home": str(config.home)}), 0 if before else _code(summary)


def _code(summary: Summary) -> int:
    if summary.failures:
        return SourceError.exit_code
    return TrainerError.exit_code if summary.failed else 0


def located(source: str) -> str:
    """A path in one way of many, so that a run can be resumed from another folder, and is found again by its sources.

    The last name stays as it was given, also where it is a symbolic link: it may become a document's title. Nothing is
    not this folder: an empty variable of a shell must not make all that lies here be learned.
    """
    if "://" in source or not source.strip():
        return source
    path = Path(source).expanduser()
    return str(path.resolve() if path.name in ("", "..") else path.parent.resolve() / path.name)
