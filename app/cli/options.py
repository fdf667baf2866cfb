"""The options that all commands share, declared once: `add_command` gives them to each, and hands it a Session."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.guard import guard
from app.cli.session import Session, pairs

ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="TOML file. Default: seal.toml in the home folder")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override one key, e.g. train.epochs=4. Can be given again"),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout; an error is one too")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks")]


def add_command(app: typer.Typer, name: str, run: Callable[..., None]) -> None:
    """Make a command of a function whose first parameter is the Session. Its others, annotated as Typer wants them,
    become the command's own options, and its docstring up to a form feed its help. It ends as `guard` says."""

    def guarded(
        context: typer.Context, home: Path | None, config: Path | None, set_: list[str] | None, json: bool,
        debug: bool, **given: Any,
    ) -> None:  # fmt: skip
        makers = context.find_root().obj  # tests hand it in
        guard(lambda: run(Session(home, config, pairs(set_), json, makers), **given), json, debug)

    folder = "~/.seal-demo" if name == "demo" else "~/.seal"
    help = f"Folder that holds everything. Default: {folder}"
    home = Annotated[Path | None, typer.Option("--home", metavar="DIR", help=help)]
    keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
    shared = {"home": (home, None), "config": (ConfigFile, None), "set_": (Set, None), "json": (Json, False),
              "debug": (Debug, False)}  # fmt: skip
    parameters = [
        inspect.Parameter("context", keyword, annotation=typer.Context),
        *list(inspect.signature(run, eval_str=True).parameters.values())[1:],
        *(inspect.Parameter(n, keyword, default=d, annotation=t) for n, (t, d) in shared.items()),
    ]
    seen: Any = guarded  # as Typer is to see it
    seen.__signature__ = inspect.Signature(parameters)
    seen.__annotations__ = {p.name: p.annotation for p in parameters}
    app.command(name, help=run.__doc__)(seen)
