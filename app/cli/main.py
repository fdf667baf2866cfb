"""The `seal` command. Results go to stdout, progress and messages to stderr."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from app.cli.benches import bench
from app.cli.commands import approve, ask, demo, doctor, evaluate, improve, ingest, library, status
from app.cli.commands.library import rebuild
from app.cli.options import add_command

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


COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo.run,
    "ingest": ingest.run,
    "improve": improve.run,
    "ask": ask.run,
    "explain": ask.explain,
    "adapters": library.show,
    "eval": evaluate.run,
    "rollback": library.rollback,
    "approve": approve.run,
    "trace": status.trace,
    "status": status.run,
    "doctor": doctor.run,
}
"""In the order in which they are listed."""
for _name, _run in COMMANDS.items():
    add_command(app, _name, _run)
add_command(memory, "rebuild", rebuild)


def main() -> None:
    """Entry point of the `seal` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character must not stop the command
    app()
