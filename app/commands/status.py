"""`seal status`: where things stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import typer

from app.session import configured, emit
from graphs.runtime import Runtime


def run(home: Path | None, file: Path | None, overrides: Sequence[str], as_json: bool) -> None:
    config = configured(home, file, overrides)
    ledger = Runtime(config).ledger
    runs, documents = ledger.runs(), ledger.documents()
    outcomes = Counter(ledger.outcome(d.id) or "unfinished" for d in documents)
    result = {
        "home": str(config.home),
        "model": config.model.name,
        "documents": len(documents),
        "outcomes": dict(outcomes),
        "runs": len(runs),
        "last_run": {k: runs[-1][k] for k in ("run", "kind", "status")} if runs else None,
        "adapters": len(ledger.current()),
        "winners": len(ledger.winners()),
        "dataset": str(config.dataset_path) if config.dataset_path.exists() else None,
    }
    if as_json:
        emit(result)
        return
    typer.echo(f"home       {result['home']}\nmodel      {result['model']}")
    told = ", ".join(f"{count} {name}" for name, count in outcomes.items()) or "none yet"
    typer.echo(f"documents  {len(documents)} ({told})")
    typer.echo(f"adapters   {result['adapters']} answer now\nwinners    {result['winners']} in memory and dataset")
    last = (
        f"{runs[-1]['run']} ({runs[-1]['status']})" if runs else "none: start with `seal demo` or `seal ingest SOURCE`"
    )
    typer.echo(f"last run   {last}")
    if runs and runs[-1]["status"] != "done":
        typer.echo(f"           go on with: seal ingest --resume {runs[-1]['run']}")
