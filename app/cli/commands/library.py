"""`seal adapters`, `seal rollback` and `seal memory rebuild`: the library, and the memory of what was learned so."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from agent.errors import ConfigError
from agent.records import LibraryVersion
from app.cli.session import Session
from app.show.tables import counted, screen, table

if TYPE_CHECKING:
    from graphs.views.status import Library, WentBack


def show(session: Session) -> None:
    """List the adapters that answer now, and those before."""
    from graphs.views.status import view_library

    library = view_library(session.opened().ledger)
    session.tell(library, lambda: _show(session, library))


def _show(session: Session, library: Library) -> None:
    if not library.library:
        typer.echo(f"No adapter is published yet. Start with: {session.command('ingest SOURCE')}")
        return
    console = screen()
    console.print(f"[bold]{counted(len(library.current), 'adapter')} in the library now[/bold]")
    if library.current:
        rows = [(a.id, escape(a.title), escape(a.base), a.run) for a in library.current]
        console.print(table(("adapter", "document", "base", "run"), rows))
    console.print("[bold]Every version of the library[/bold]")
    changes: list[LibraryVersion | WentBack] = [*library.library, *library.went_back]
    rows = [_row(change) for change in sorted(changes, key=lambda change: change.at)]
    console.print(table(("version", "when", "change", "why"), rows))


def _row(change: LibraryVersion | WentBack) -> tuple[str, str, str, str]:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(change.at))
    if isinstance(change, LibraryVersion):
        version = f"{change.version} (now)" if change.current else str(change.version)
        what = f"added {change.added}" if change.added else f"took back {change.removed}"
    else:
        version, what = f"back to {change.to or 'none'}", f"took back {change.removed}"
    return version, when, what, escape(change.reason)


def rollback(
    session: Session,
    adapter: Annotated[
        str | None,
        typer.Argument(metavar="ADAPTER", show_default=False, help="Take back this one. Default: the newest one"),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="Take back the policy that acts instead: planner or writer, for example"),
    ] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the record")] = "asked for by hand",
) -> None:
    """Take back an adapter, or with --policy a learned policy.

    Its document's former adapter answers again, where there was one. `seal adapters` lists their ids. Nothing is
    deleted: the ledger and the trace keep what was taken back. The document is learned again only when you ask for it:

    \b
      seal ingest SOURCE --again

    \f
    Raises StoreError where nothing is published, the adapter is not current, or a store cannot be written.
    """
    from graphs.library.winners import take_back

    if policy:
        _rollback_policy(session, policy, adapter, reason)
        return
    context = session.opened()
    taken = take_back(context, adapter, reason)
    left = context.ledger.current()
    told = [f"taken back: {gone.id} ({gone.title})" for gone in taken]
    told.append(f"{counted(len(left), 'adapter')} left in the library")
    result = {"taken_back": [a.model_dump() for a in taken], "current": [a.id for a in left]}
    session.tell(result, lambda: typer.echo("\n".join(told)))


def _rollback_policy(session: Session, kind: str, adapter: str | None, reason: str) -> None:
    from graphs.methods import method_named
    from graphs.methods.method import take_back

    context = session.opened()
    if adapter:
        raise ConfigError("an adapter and --policy do not go together", "take back one after the other")
    method = method_named(context, kind)
    promotion = take_back(context, method, reason)
    acts = method.acting()
    now = f"{kind} policy {acts.id} acts again" if acts.learned else method.without
    session.tell(
        {"taken_back": promotion.replaces, "acting": acts.id if acts.learned else None},
        lambda: typer.echo(f"taken back: {kind} policy {promotion.replaces}\n{now}"),
    )


def rebuild(session: Session) -> None:
    """Make the memory anew from the ledger.

    It answers the same afterwards. Needed where its files are damaged or the embedding model was changed.
    """
    context = session.opened()
    count = context.memory.rebuild(context.ledger.winners())
    told = f"memory rebuilt from the ledger: {counted(count, 'winner')}"
    session.tell({"winners": count}, lambda: typer.echo(told))
