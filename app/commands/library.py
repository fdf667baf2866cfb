"""`seal adapters` and `seal rollback`: the adapter library and its one pointer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.session import configured, emit
from graphs.runtime import Runtime


def show(home: Path | None, file: Path | None, overrides: Sequence[str], as_json: bool) -> None:
    ledger = Runtime(configured(home, file, overrides)).ledger
    current, versions = ledger.current(), ledger.library()
    if as_json:
        emit({"current": [a.model_dump() for a in current], "library": [asdict(v) for v in versions]})
        return
    if not versions:
        typer.echo("No adapter is published yet. Start with: seal ingest SOURCE")
        return
    console = Console(highlight=False)
    table = Table(title="Adapters that answer now", title_justify="left")
    for name in ("adapter", "document", "base", "run"):
        table.add_column(name, overflow="fold")
    for adapter in current:
        table.add_row(adapter.id, escape(adapter.title), adapter.base, adapter.run)
    console.print(table)
    history = Table(title="Library versions", title_justify="left")
    for name in ("version", "when", "added", "removed", "why"):
        history.add_column(name, overflow="fold")
    for v in versions:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(v.at))
        mark = f"{v.version} (current)" if v.current else str(v.version)
        history.add_row(mark, when, v.added or "", v.removed or "", escape(v.reason))
    console.print(history)


def rollback(
    adapter: str | None, reason: str, home: Path | None, file: Path | None, overrides: Sequence[str], as_json: bool
) -> None:
    """Raises StoreError where nothing is published or the adapter is not current."""
    ledger = Runtime(configured(home, file, overrides)).ledger
    taken = ledger.rollback(adapter, reason)
    left = ledger.current()
    if as_json:
        emit({"taken_back": [a.model_dump() for a in taken], "current": [a.id for a in left]})
        return
    for gone in taken:
        typer.echo(f"taken back: {gone.id} ({gone.title})")
    typer.echo(f"{len(left)} adapters answer now")
