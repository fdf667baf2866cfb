"""`seal eval`: a suite on the base and on adapters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from agent.errors import ConfigError
from app.cli.session import Session
from app.show.tables import MEANING, counted, interval, screen, table, value

if TYPE_CHECKING:
    from graphs.measure.suites import Measured


def run(
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

    \f
    The base can be measured where nothing is learned yet.

    Raises:
        ConfigError: there is no such suite, or an adapter and --base were both asked for.
        UnknownName: there is no such adapter.
    """
    from graphs.measure.suites import SUITES, chosen, measure

    if suite not in SUITES:
        raise ConfigError(f"there is no suite {suite!r}", f"the suites are: {', '.join(SUITES)}")
    if base and adapter:
        raise ConfigError("--adapter and --base do not go together", "the base is always measured beside an adapter")
    context = session.context() if base else session.opened()
    adapters = [] if base else chosen(context, adapter)
    if not base and not adapters:
        typer.secho(f"no adapter answers now, so the base alone; {session.command('adapters')}", err=True)
    typer.secho(f"measuring the base and {counted(len(adapters), 'adapter')}", err=True)
    found = measure(context, suite, adapters)
    subjects = [one.model_dump(mode="json") for one in found]
    session.tell({"suite": suite, "model": context.config.model.name, "subjects": subjects}, lambda: _show(found))


def _show(found: Sequence[Measured]) -> None:
    named = {one.subject: f"{one.subject} ({escape(one.title)})" if one.title else one.subject for one in found}
    rows = [
        (
            "" if place else named[one.subject],
            MEANING[name],
            value(name, figure),
            interval(name, figure),
            str(figure.n),
        )
        for one in found
        for place, (name, figure) in enumerate(one.figures.items())
    ]
    screen().print(table(("of", "figure", "value", "95% interval", "n"), rows))
