"""`seal memory rebuild`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from app.cli.session import emit, opened
from app.show.tables import counted


def run(home: Path | None, file: Path | None, overrides: Sequence[str], as_json: bool) -> None:
    runtime = opened(home, file, overrides)
    count = runtime.memory.rebuild(runtime.ledger.winners())
    if as_json:
        emit({"winners": count})
    else:
        typer.echo(f"memory rebuilt from the ledger: {counted(count, 'winner')}")
