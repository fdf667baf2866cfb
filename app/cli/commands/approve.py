"""`seal approve`: what waits for a person, and the person's word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer
from rich.markup import escape

from agent.errors import ConfigError
from app.cli.session import command, emit, opened
from app.show.tables import counted, screen, table


def run(
    id: str | None, yes: bool, no: bool, why: str, home: Path | None, file: Path | None,
    overrides: Sequence[str], as_json: bool,
) -> None:  # fmt: skip
    """Raises SealError where the answer is none, nothing of that id waits, or a store cannot be written."""
    from graphs.approve.graph import approve

    runtime = opened(home, file, overrides)
    if id is None:
        if yes or no:
            raise ConfigError("--yes or --no to what?", f"{command('approve', runtime.config.home)} lists what waits")
        left = [approval for approval, answer in runtime.ledger.asked() if answer is None]
        if as_json:
            emit({"waiting": [approval.model_dump(mode="json") for approval in left]})
        elif left:
            rows = [(a.id, "policy" if a.promotion else "adapter", escape(a.title), escape(a.evidence)) for a in left]
            screen().print(table(("id", "what", "of", "evidence"), rows))
            typer.echo(f"say: {command('approve ID --yes', runtime.config.home)} (or --no), with --why TEXT")
        else:
            typer.echo("nothing waits")
        return
    if yes == no:
        raise ConfigError("say either --yes or --no", f"{command(f'approve {id} --yes', runtime.config.home)}")
    approval = approve(runtime, id, yes, why)
    what = ("promoted" if approval.promotion else "published") if yes else "refused"
    if as_json:
        emit({"approval": approval.id, "title": approval.title, "done": what})
    else:
        left_over = sum(answer is None for _, answer in runtime.ledger.asked())
        typer.echo(f"{what}: {approval.title}; {counted(left_over, 'other')} left")
