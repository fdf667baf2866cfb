"""`seal adapters` and `seal rollback`: the adapter library and its one pointer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from agent.errors import ConfigError
from agent.ports.ledger import Ledger, LibraryVersion
from agent.records.rounds import Kind
from app.cli.session import command, emit, opened
from app.show.tables import counted, screen, table

if TYPE_CHECKING:
    from graphs.runtime import Runtime

WITHOUT: dict[Kind, str] = {
    "planner": "no planner policy acts now: strategies are sampled by their rewards",
    "writer": "no writer policy acts now: the bare base model writes",
}


def show(home: Path | None, file: Path | None, overrides: Sequence[str], as_json: bool) -> None:
    runtime = opened(home, file, overrides)
    current, versions = runtime.ledger.current(), runtime.ledger.library()
    backs = _backs(runtime.ledger, versions)
    if as_json:
        library, went_back = [asdict(v) for v in versions], [asdict(b) for b in backs]
        emit({"current": [a.model_dump() for a in current], "library": library, "went_back": went_back})
        return
    if not versions:
        typer.echo(f"No adapter is published yet. Start with: {command('ingest SOURCE', runtime.config.home)}")
        return
    console = screen()
    console.print(f"[bold]{counted(len(current), 'adapter')} in the library now[/bold]")
    if current:
        rows = [(a.id, escape(a.title), escape(a.base), a.run) for a in current]
        console.print(table(("adapter", "document", "base", "run"), rows))
    console.print("[bold]Every version of the library[/bold]")
    changes: list[LibraryVersion | WentBack] = [*versions, *backs]
    rows = [_row(change) for change in sorted(changes, key=lambda change: change.at)]
    console.print(table(("version", "when", "change", "why"), rows))


@dataclass(frozen=True)
class WentBack:
    """A taking back that made no version: from the one that had added the adapter, the library went back to `to`."""

    removed: str
    to: int | None
    reason: str
    at: float


def _backs(ledger: Ledger, versions: Sequence[LibraryVersion]) -> list[WentBack]:
    """One for each version that does not stand behind the current one. The adapter's run tells when and why."""
    parents = {v.version: v.parent for v in versions}
    at = next((v.version for v in versions if v.current), None)
    line = set[int]()
    while at is not None:
        line.add(at)
        at = parents[at]
    found = [
        WentBack(str(v.added), v.parent, event.message, event.at)
        for v in versions
        if v.version not in line and v.candidate
        for event in ledger.events(ledger.candidate(v.candidate).run)
        if event.step == "rollback" and event.subject == v.candidate
    ]
    return sorted(found, key=lambda back: back.at)


def _row(change: LibraryVersion | WentBack) -> tuple[str, str, str, str]:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(change.at))
    if isinstance(change, WentBack):
        version, what = f"back to {change.to or 'none'}", f"took back {change.removed}"
    else:
        version = f"{change.version} (now)" if change.current else str(change.version)
        what = f"added {change.added}" if change.added else f"took back {change.removed}"
    return version, when, what, escape(change.reason)


def rollback(
    adapter: str | None, policy: Kind | None, reason: str, home: Path | None, file: Path | None,
    overrides: Sequence[str], as_json: bool,
) -> None:  # fmt: skip
    """Raises StoreError where nothing is published, the adapter is not current, or a store cannot be written."""
    from graphs.library.winners import take_back

    runtime = opened(home, file, overrides)
    if policy:
        _rollback_policy(runtime, policy, adapter, reason, as_json)
        return
    taken = take_back(runtime, adapter, reason)
    left = runtime.ledger.current()
    if as_json:
        emit({"taken_back": [a.model_dump() for a in taken], "current": [a.id for a in left]})
        return
    for gone in taken:
        typer.echo(f"taken back: {gone.id} ({gone.title})")
    typer.echo(f"{counted(len(left), 'adapter')} left in the library")


def _rollback_policy(runtime: Runtime, kind: Kind, adapter: str | None, reason: str, as_json: bool) -> None:
    from graphs.methods.learners import take_back

    if adapter:
        raise ConfigError("an adapter and --policy do not go together", "take back one after the other")
    promotion = take_back(runtime, kind, reason)
    acts = runtime.acting if kind == "planner" else runtime.acting_writer
    if as_json:
        emit({"taken_back": promotion.replaces, "acting": acts.id if acts else None})
        return
    typer.echo(f"taken back: {kind} policy {promotion.replaces}")
    typer.echo(f"{kind} policy {acts.id} acts again" if acts else WITHOUT[kind])
