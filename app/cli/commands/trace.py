"""`seal trace`: what a run did and why, as a tree."""

from __future__ import annotations

from typing import Annotated

import typer

from agent.errors import StoreError
from app.cli.session import Session


def run(
    session: Session,
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN", show_default=False, help="Default: the latest that read a document")
    ] = None,
) -> None:
    """Show what a run did and why.

    Plans, self-edits, training, scores, gate, and every question before and after. Also of a run that is still going
    or was cut off. --json holds everything that the ledger knows of the run.

    \f
    Raises StoreError where there is no such run.
    """
    from app.show.trace_tree import show
    from graphs.views.status import latest_runs
    from graphs.views.trace import trace_run

    ledger = session.opened().ledger
    if not latest_runs(ledger):
        raise StoreError("there is no run yet", f"start with: {session.command('ingest SOURCE')}")
    trace = trace_run(ledger, run_id)
    session.tell(trace, lambda: show(trace, session.command))
