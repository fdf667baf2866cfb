"""`seal status`: where things stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from agent.config import Config
from app.session import emit, opened, resume_command
from app.summary import last_run
from app.tables import counted
from graphs.ingest import unfinished


def run(home: Path | None, file: Path | None, overrides: Sequence[str], as_json: bool) -> None:
    runtime = opened(home, file, overrides)
    config, ledger = runtime.config, runtime.ledger
    runs, documents = ledger.runs(), ledger.documents()
    left, last = unfinished(ledger), last_run(ledger)
    outcomes = Counter(ledger.outcome(d.id, config.model.name) or _open(d.id in left) for d in documents)
    result = {
        "home": str(config.home),
        "model": config.model.name,
        "documents": len(documents),
        "outcomes": dict(outcomes),
        "runs": len(runs),
        "last_run": {k: last[k] for k in ("run", "kind", "status")} if last else None,
        "unfinished": dict(Counter(left.values())),
        "adapters": len(ledger.current()),
        "winners": len(ledger.winners()),
        "dataset": str(config.dataset_path) if config.dataset_path.exists() else None,
    }
    if as_json:
        emit(result)
    else:
        _show(result, config)


def _open(begun: bool) -> str:
    return "unfinished" if begun else "not learned with this model"


def _show(result: dict[str, Any], config: Config) -> None:
    told = ", ".join(f"{count} {name}" for name, count in result["outcomes"].items()) or "none yet"
    last = result["last_run"]
    lines = {
        "home": result["home"],
        "model": result["model"],
        "documents": f"{result['documents']} ({told})",
        "adapters": f"{result['adapters']} in the library now",
        "winners": f"{result['winners']} in memory and dataset",
        "last run": f"{last['run']} ({last['status']})" if last else "none; start with: seal ingest SOURCE",
    }
    for name, value in lines.items():
        typer.echo(f"{name:10} {value}")
    for run, count in result["unfinished"].items():
        typer.echo(f"{'unfinished':10} {counted(count, 'document')} of run {run}: {resume_command(config.home, run)}")
