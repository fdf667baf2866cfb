"""`seal eval`: a suite on the base and on adapters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer
from rich.markup import escape

from agent.errors import ConfigError
from app.cli.session import command, configured, emit, opened
from app.show.figures import MEANING, interval, value
from app.show.tables import counted, screen, table


def run(
    suite: str, adapter: str | None, base: bool, home: Path | None, file: Path | None, overrides: Sequence[str],
    as_json: bool,
) -> None:  # fmt: skip
    """The base can be measured where nothing is learned yet.

    Raises:
        ConfigError: there is no such suite, or an adapter and --base were both asked for.
        UnknownName: there is no such adapter.
    """
    from graphs.measure.suites import SUITES, chosen, measure
    from graphs.runtime import Runtime

    if suite not in SUITES:
        raise ConfigError(f"there is no suite {suite!r}", f"the suites are: {', '.join(SUITES)}")
    if base and adapter:
        raise ConfigError("--adapter and --base do not go together", "the base is always measured beside an adapter")
    runtime = Runtime(configured(home, file, overrides)) if base else opened(home, file, overrides)
    adapters = [] if base else chosen(runtime, adapter)
    if not base and not adapters:
        typer.secho(f"no adapter answers now, so the base alone; {command('adapters', runtime.config.home)}", err=True)
    typer.secho(f"measuring the base and {counted(len(adapters), 'adapter')}", err=True)
    found = [
        {**asdict(one), "figures": {name: figure.model_dump(mode="json") for name, figure in one.figures.items()}}
        for one in measure(runtime, suite, adapters)
    ]
    if as_json:
        emit({"suite": suite, "model": runtime.config.model.name, "subjects": found})
        return
    rows = [
        ("" if place else _named(one), MEANING[name], value(name, figure), interval(name, figure), str(figure["n"]))
        for one in found
        for place, (name, figure) in enumerate(one["figures"].items())
    ]
    screen().print(table(("of", "figure", "value", "95% interval", "n"), rows))


def _named(one: dict[str, Any]) -> str:
    return f"{one['subject']} ({escape(one['title'])})" if one["title"] else one["subject"]
