"""`seal status` and `seal trace`: where things stand, and what a run did and why."""

from __future__ import annotations

import platform
import time
from typing import TYPE_CHECKING, Annotated

import typer

from agent.errors import StoreError
from app.cli.session import Session
from app.show.tables import counted

if TYPE_CHECKING:
    from graphs.views.status import RunRow, Status


def run(session: Session) -> None:
    """Show where things stand.

    Documents, adapters, winners, the last runs, the run that a process works on now, and runs that were cut off.
    """
    from graphs.views.status import view_status

    status = view_status(session.opened())
    session.tell(status, lambda: _show(status, session))


def _show(status: Status, session: Session) -> None:
    told = ", ".join(f"{count} {name}" for name, count in status.outcomes.items()) or "none yet"
    lines = {
        "home": status.home,
        "model": status.model,
        "documents": f"{status.documents} ({told})",
        "adapters": f"{status.adapters} in the library now",
        "winners": f"{status.winners} in memory and dataset",
        **{name: acts or "none promoted yet" for name, acts in status.policies.items()},
    }
    for name, value in lines.items():
        typer.echo(f"{name:10} {value}")
    if status.waiting:
        typer.echo(f"{'waiting':10} {status.waiting} for your word: {session.command('approve')}")
    if not status.recent_runs:
        typer.echo(f"{'runs':10} none; start with: {session.command('ingest SOURCE')}")
    for run in status.recent_runs:
        at = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.began_at))
        typer.echo(f"{'run':10} {run.run}  {at}  {run.kind}, {run.status}: {_came(run)}")
        if run.improves and run.status in ("stopped", "cut off"):
            typer.echo(f"{'':10} go on with: {session.resume('improve', run.run)}")
    if status.running:
        now, left = status.running, counted(status.running.documents_left, "document")
        elsewhere = f" on {now.machine}" if now.machine != platform.node() else ""
        typer.echo(f"{'running':10} {now.run} now, in process {now.process}{elsewhere}; {left} left")
    for name, count in status.unfinished.items():
        typer.echo(f"{'unfinished':10} {counted(count, 'document')} of run {name}: {session.resume('ingest', name)}")


def _came(run: RunRow) -> str:
    documents = counted(run.documents, "document")
    if run.improves:
        return f"{documents}, {counted(len(run.rounds), 'round')}, {run.rounds.count('promote')} promoted a policy"
    return f"{documents}, {run.published} published"


def trace(
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
    found = trace_run(ledger, run_id)
    session.tell(found, lambda: show(found, session.command))
