"""The `seal` command. Results go to stdout, progress and messages to stderr."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from agent.errors import SealError

app = typer.Typer(
    name="seal", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A language model that reads document feeds, trains itself on them, and shows what it learned.\n\n"
    "First steps: `seal demo`, then `seal ingest FEED_OR_FILE` and `seal ask \"...\"`.",
)  # fmt: skip
memory = typer.Typer(no_args_is_help=True, help="The memory of what worked: an index over the ledger.")
app.add_typer(memory, name="memory")

Home = Annotated[
    Path | None, typer.Option("--home", metavar="DIR", help="Folder that holds everything. Default: ~/.seal")
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="TOML file. Default: seal.toml in the home folder")
]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one key, e.g. --set train.epochs=4")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks")]


@app.command()
def demo(
    home: Home = None, config: ConfigFile = None, set_: Set = None, json: Json = False, debug: Debug = False
) -> None:
    """Learn the bundled sample feed; show each question before and after.

    Runs in a fresh folder unless --home is given. Needs no key, no server and no GPU.
    """
    from app.commands.demo import run

    _guard(lambda: run(home, config, set_ or [], json), debug)


@app.command()
def ingest(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE...", help="Feed or page URL, file, folder, or JSONL")
    ] = None,
    resume: Annotated[str | None, typer.Option(metavar="RUN", help="Go on with a run that was cut off")] = None,
    home: Home = None, config: ConfigFile = None, set_: Set = None, json: Json = False, debug: Debug = False,
) -> None:  # fmt: skip
    """Read documents and learn them. What was learned before is skipped.

    Examples:

      seal ingest https://example.org/feed.xml

      seal ingest notes/ paper.pdf

      seal ingest questions.jsonl --set plan.candidates=6

      seal ingest --resume 20260101-1200-ab12
    """
    from app.commands.ingest import run

    _guard(lambda: run(sources or [], resume, home, config, set_ or [], json), debug)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="A question, in quotes")],
    base: Annotated[bool, typer.Option("--base", help="Ask the untrained base model")] = False,
    show_adapters: Annotated[bool, typer.Option("--show-adapters", help="Show which adapters were considered")] = False,
    home: Home = None, config: ConfigFile = None, set_: Set = None, json: Json = False, debug: Debug = False,
) -> None:  # fmt: skip
    """Answer from what was learned, closed book, and name the adapter that gave the answer."""
    from app.commands.ask import run

    _guard(lambda: run(question, base, show_adapters, home, config, set_ or [], json), debug)


@app.command()
def adapters(
    home: Home = None, config: ConfigFile = None, set_: Set = None, json: Json = False, debug: Debug = False
) -> None:
    """List the adapters that answer now, and every version of the library before."""
    from app.commands.library import show

    _guard(lambda: show(home, config, set_ or [], json), debug)


@app.command()
def rollback(
    adapter: Annotated[str | None, typer.Argument(help="An adapter to take back. Default: the last promotion")] = None,
    reason: Annotated[str, typer.Option(help="Why, for the record")] = "asked for by hand",
    home: Home = None, config: ConfigFile = None, set_: Set = None, json: Json = False, debug: Debug = False,
) -> None:  # fmt: skip
    """Take an adapter back. Its document's former adapter answers again, where there was one."""
    from app.commands.library import rollback as run

    _guard(lambda: run(adapter, reason, home, config, set_ or [], json), debug)


@app.command()
def trace(
    run_id: Annotated[str | None, typer.Argument(metavar="RUN", help="A run. Default: the latest")] = None,
    home: Home = None, config: ConfigFile = None, set_: Set = None, json: Json = False, debug: Debug = False,
) -> None:  # fmt: skip
    """Show what a run did and why: plans, self-edits, training, scores, gate, before and after."""
    from app.commands.trace import run

    _guard(lambda: run(run_id, home, config, set_ or [], json), debug)


@app.command()
def status(
    home: Home = None, config: ConfigFile = None, set_: Set = None, json: Json = False, debug: Debug = False
) -> None:
    """Where things stand: documents, runs, adapters, memory, dataset."""
    from app.commands.status import run

    _guard(lambda: run(home, config, set_ or [], json), debug)


@app.command()
def doctor(
    home: Home = None, config: ConfigFile = None, set_: Set = None, json: Json = False, debug: Debug = False
) -> None:
    """Check what this machine has and can do, and say how to mend what is missing."""
    from app.commands.doctor import run

    _guard(lambda: run(home, config, set_ or [], json), debug)


@memory.command()
def rebuild(
    home: Home = None, config: ConfigFile = None, set_: Set = None, json: Json = False, debug: Debug = False
) -> None:
    """Make the memory anew from the ledger. It answers the same afterwards."""
    from app.commands.memory import run

    _guard(lambda: run(home, config, set_ or [], json), debug)


def _guard(command: object, debug: bool) -> None:
    """Run a command; a SealError becomes a message and an exit code, Ctrl-C ends with 130."""
    assert callable(command)
    try:
        command()
    except SealError as error:
        if debug:
            raise
        _fail(error)
    except KeyboardInterrupt:
        if debug:
            raise
        typer.secho("stopped", err=True)
        raise typer.Exit(130) from None


def _fail(error: SealError) -> NoReturn:
    typer.secho(f"error: {error.cause}", fg="red", err=True)
    if error.mend:
        typer.secho(f"  try: {error.mend}", err=True)
    raise typer.Exit(error.exit_code)


def main() -> None:
    """Entry point of the `seal` command."""
    try:
        app()
    except BrokenPipeError:  # `seal trace | head`
        sys.stderr.close()
        sys.exit(141)
