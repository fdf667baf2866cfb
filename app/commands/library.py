"""`seal adapters` and `seal rollback`: the adapter library and its one pointer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer
from rich.markup import escape

from agent.ports import LibraryVersion
from app.session import emit, opened
from app.tables import counted, screen, table


def show(home: Path | None, file: Path | None, overrides: Sequence[str], as_json: bool) -> None:
    ledger = opened(home, file, overrides).ledger
    current, versions = ledger.current(), ledger.library()
    if as_json:
        emit({"current": [a.model_dump() for a in current], "library": [asdict(v) for v in versions]})
        return
    if not versions:
        typer.echo("No adapter is published yet. Start with: seal ingest SOURCE")
        return
    console = screen()
    console.print(f"[bold]{counted(len(current), 'adapter')} in the library now[/bold]")
    if current:
        rows = [(a.id, escape(a.title), escape(a.base), a.run) for a in current]
        console.print(table(("adapter", "document", "base", "run"), rows))
    console.print("[bold]Every version of the library[/bold]")
    console.print(table(("version", "when", "change", "why"), [_version(v) for v in versions]))


def _version(v: LibraryVersion) -> tuple[str, ...]:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(v.at))
    change = f"added {v.added}" if v.added else f"took back {v.removed}"
    return f"{v.version} (now)" if v.current else str(v.version), when, change, escape(v.reason)


def rollback(
    adapter: str | None, reason: str, home: Path | None, file: Path | None, overrides: Sequence[str], as_json: bool
) -> None:
    """Raises StoreError where nothing is published, the adapter is not current, or a store cannot be written."""
    from graphs.winners import take_back

    runtime = opened(home, file, overrides)
    taken = take_back(runtime, adapter, reason)
    left = runtime.ledger.current()
    if as_json:
        emit({"taken_back": [a.model_dump() for a in taken], "current": [a.id for a in left]})
        return
    for gone in taken:
        typer.echo(f"taken back: {gone.id} ({gone.title})")
    typer.echo(f"{counted(len(left), 'adapter')} left in the library")
