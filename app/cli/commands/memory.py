"""`seal memory rebuild`."""

from __future__ import annotations

import typer

from app.cli.session import Session
from app.show.tables import counted


def rebuild(session: Session) -> None:
    """Make the memory anew from the ledger.

    It answers the same afterwards. Needed where its files are damaged or the embedding model was changed.
    """
    context = session.opened()
    count = context.memory.rebuild(context.ledger.winners())
    told = f"memory rebuilt from the ledger: {counted(count, 'winner')}"
    session.tell({"winners": count}, lambda: typer.echo(told))
