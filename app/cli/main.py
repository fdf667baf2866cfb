"""The `seal` command. Results go to stdout, progress and messages to stderr."""

from __future__ import annotations

import io
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from app.cli.benches import bench
from app.cli.options import command
from app.cli.session import Session

app = typer.Typer(
    name="seal", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""A language model that reads document feeds, trains itself on them, and shows what it learned.

    \b
    First steps:
      seal demo                      learn a sample feed, see what it learned
      seal ingest FEED_OR_FILE       learn your own
      seal ask "Who runs the mill?"  ask about what was learned
      seal trace                     see what the last run did and why
      seal improve                   learn to learn better from what was read
    """,
    epilog="""\b
    Results go to stdout, progress and messages to stderr. Exit codes:
      0 done                  1 doctor found something missing
      2 wrong command or key  3 something could not be read
      4 model                 5 training
      6 ledger, memory, disk  7 model endpoint
      8 package missing       130 Ctrl-C, 143 SIGTERM
    """,
)  # fmt: skip
memory = typer.Typer(no_args_is_help=True, help="The memory of what worked: an index over the ledger.")
app.add_typer(memory, name="memory")
app.add_typer(bench, name="bench")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"seal {version('seal')}")
        raise typer.Exit


@app.callback()
def _seal(
    show: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show seal's version")
    ] = False,
) -> None:
    """The options of seal itself."""


Approve = Annotated[
    str | None,
    typer.Option(metavar="WHAT", help="What waits for your word: never, publish, policy or always, as gate.approve"),
]


@command(app, home="~/.seal-demo")
def demo(session: Session) -> None:
    """Learn a sample feed; show each question before and after.

    Needs no key, no server and no GPU. Without --home it works in ~/.seal-demo and starts afresh each time.
    """
    from app.cli.commands.demo import run

    run(session)


@command(app)
def ingest(
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
    """
    from app.cli.commands.ingest import run

    run(session.insisting("gate.approve", approve), sources or [], resume, again)


@command(app)
def improve(
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
    """
    from app.cli.commands.improve import run

    given = session.insisting("improve.rounds", rounds).insisting("gate.approve", approve)
    run(given, sources or [], resume, dry_run)


@command(app)
def ask(
    session: Session,
    question: Annotated[str, typer.Argument(metavar="QUESTION", show_default=False, help="A question, in quotes")],
    base: Annotated[bool, typer.Option("--base", help="Ask the untrained base model, under the same title")] = False,
    show_adapters: Annotated[bool, typer.Option("--show-adapters", help="Show which adapters were considered")] = False,
) -> None:
    """Answer from what was learned, closed book.

    The answer is on stdout, the adapter that gave it and what the base says on stderr. A question that is near no
    document that was learned is answered by the base model, and seal says so. With --base the base model answers what
    the adapter would have been asked, also told the title of the document that the question is about.

    \b
    Examples:
      seal ask "Who runs the new ferry?"
      seal ask "Who runs the new ferry?" --base
      seal ask "Who runs the new ferry?" --show-adapters
    """
    from app.cli.commands.ask import run

    run(session, question, base, show_adapters)


@command(app)
def explain(
    session: Session,
    question: Annotated[str, typer.Argument(metavar="QUESTION", show_default=False, help="A question, in quotes")],
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png", show_default=False, help="Draw it all into a picture")
    ] = None,
) -> None:
    """Show why an answer is what it is.

    Asks the question as seal ask does. Of the adapter that answers it shows which lines of its training data moved
    this answer most (whose gradients are most like the answer's), and which weights of the base it changed most. What
    the base answers by itself was moved by no adapter: there is nothing to explain then.

    Takes a gradient for each line, a second or less each on a CPU. It needs the model on this machine, also where an
    endpoint answers. docs/explain.md says how to read it.

    \b
    Examples:
      seal explain "Who runs the new ferry?"
      seal explain "Who runs the new ferry?" --plot ferry.png
    """
    from app.cli.commands.explain import run

    run(session, question, plot)


@command(app)
def adapters(session: Session) -> None:
    """List the adapters that answer now, and those before."""
    from app.cli.commands.library import show

    show(session)


@command(app, "eval")
def evaluate(
    session: Session,
    suite: Annotated[str, typer.Argument(metavar="SUITE", show_default=False, help="retention or drift")],
    adapter: Annotated[
        str | None, typer.Option(metavar="ID", help="This adapter, by its id or how that begins. Default: all current")
    ] = None,
    base: Annotated[bool, typer.Option("--base", help="The bare base model alone")] = False,
) -> None:
    """Measure what adapters did to the base model.

    retention: what is still known of general questions, with the adapter forced on, and as questions are routed.

    drift: how far an adapter is from the base on texts about nothing that it learned (KL divergence), whether it still
    refuses harmful requests, and whether insults and stereotypes became likelier. All of it with the adapter forced
    on, where people get it only for questions about its document.

    \b
    Examples:
      seal eval drift
      seal eval drift --adapter 1f2e3d
      seal eval retention --base
    """
    from app.cli.commands.evaluate import run

    run(session, suite, adapter, base)


@command(app)
def rollback(
    session: Session,
    adapter: Annotated[
        str | None,
        typer.Argument(metavar="ADAPTER", show_default=False, help="Take back this one. Default: the newest one"),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="Take back the policy that acts instead: planner or writer, for example"),
    ] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the record")] = "asked for by hand",
) -> None:
    """Take back an adapter, or with --policy a learned policy.

    Its document's former adapter answers again, where there was one. `seal adapters` lists their ids. Nothing is
    deleted: the ledger and the trace keep what was taken back. The document is learned again only when you ask for it:

    \b
      seal ingest SOURCE --again
    """
    from app.cli.commands.library import rollback as run

    run(session, adapter, policy, reason)


@command(app)
def approve(
    session: Session,
    waiting: Annotated[
        str | None, typer.Argument(metavar="ID", show_default=False, help="What to answer. Default: list what waits")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Publish the adapter, or promote the policy")] = False,
    no: Annotated[bool, typer.Option("--no", help="Do not. The adapter's winner is withdrawn")] = False,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the record")] = "",
) -> None:
    """List what waits for your word, with its evidence, or give it.

    Only with --approve, or gate.approve in the configuration, does anything wait. Runs go on meanwhile: until you say
    yes, what answered before answers, and the policy that planned before plans.

    \b
    Examples:
      seal ingest FEED --approve publish
      seal approve
      seal approve 1f2e3d4c5b6a7980 --yes --why "read it, it is right"
    """
    from app.cli.commands.approve import run

    run(session, waiting, yes, no, why)


@command(app)
def trace(
    session: Session,
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN", show_default=False, help="Default: the latest that read a document")
    ] = None,
) -> None:
    """Show what a run did and why.

    Plans, self-edits, training, scores, gate, and every question before and after. Also of a run that is still going
    or was cut off. --json holds everything that the ledger knows of the run.
    """
    from app.cli.commands.trace import run

    run(session, run_id)


@command(app)
def status(session: Session) -> None:
    """Show where things stand.

    Documents, adapters, winners, the last runs, the run that a process works on now, and runs that were cut off.
    """
    from app.cli.commands.status import run

    run(session)


@command(app)
def doctor(session: Session) -> None:
    """Check this machine, and say how to mend what is missing."""
    from app.cli.commands.doctor import run

    run(session)


@command(memory)
def rebuild(session: Session) -> None:
    """Make the memory anew from the ledger.

    It answers the same afterwards. Needed where its files are damaged or the embedding model was changed.
    """
    from app.cli.commands.memory import run

    run(session)


def main() -> None:
    """Entry point of the `seal` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character must not stop the command
    app()
