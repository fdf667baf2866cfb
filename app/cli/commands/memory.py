"""`seal memory rebuild`."""

from __future__ import annotations

import typer

from app.cli.session import Session
from app.show.tables import counted


def run(session: Session) -> None:
    context = session.opened()
    count = context.memory.rebuild(context.ledger.winners())
    if session.as_json:
        session.emit({"winners": count})
    else:
        typer.echo(f"memory rebuilt from the ledger: {counted(count, 'winner')}")
