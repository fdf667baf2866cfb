"""The options that all commands share, declared once: `command` adds them to each, and hands it a Session."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
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


def _shared(home: str) -> dict[str, tuple[Any, Any]]:
    """Type and default of each, by parameter."""
    help = f"Folder that holds everything. Default: {home}"
    folder = Annotated[Path | None, typer.Option("--home", metavar="DIR", help=help)]
    return {"home": (folder, None), "config": (ConfigFile, None), "set_": (Set, None), "json": (Json, False),
            "debug": (Debug, False)}  # fmt: skip


def command(
    app: typer.Typer, name: str | None = None, home: str = "~/.seal"
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a command of a function whose first parameter is the Session. Its others, annotated as Typer wants them,
    become the command's own options. It ends as `guard` says."""

    def add(run: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(run, eval_str=True).parameters.values())[1:]

        @wraps(run)
        def guarded(
            context: typer.Context, home: Path | None, config: Path | None, set_: list[str] | None, json: bool,
            debug: bool, **given: Any,
        ) -> None:  # fmt: skip
            makers = context.find_root().obj  # tests hand it in
            guard(lambda: run(Session(home, config, pairs(set_), json, makers), **given), json, debug)

        keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
        shared = [inspect.Parameter(n, keyword, default=d, annotation=t) for n, (t, d) in _shared(home).items()]
        first = inspect.Parameter("context", keyword, annotation=typer.Context)
        own_function: Any = guarded
        del own_function.__wrapped__  # Typer would look at the signature of that
        own_function.__signature__ = inspect.Signature([first, *own, *shared])
        own_function.__annotations__ = {p.name: p.annotation for p in (first, *own, *shared)}
        app.command(name)(guarded)
        return run

    return add
