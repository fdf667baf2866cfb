"""`seal status`: where things stand."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from agent.config import Config
from app.session import emit, opened, resume_command
from app.tables import counted
from graphs.summary import last_run
from graphs.unfinished import unfinished


def run(home: Path | None, file: Path | None, overrides: Sequence[str], as_json: bool) -> None:
    runtime = opened(home, file, overrides)
    config, ledger = runtime.config, runtime.ledger
    learning = ledger.learning()  # first: a run that ends in between is done, one that was cut off is not
    runs, documents = ledger.runs(), ledger.documents()
    left, last = unfinished(ledger), last_run(ledger)
    now = last if last and learning and last["status"] == "running" else None
    outcomes = Counter(ledger.outcome(d.id, config.model.name) or _open(left.get(d.id), now) for d in documents)
    counts = Counter(left.values())
    result = {
        "home": str(config.home),
        "model": config.model.name,
        "documents": len(documents),
        "outcomes": dict(outcomes),
        "runs": len(runs),
        "last_run": {"run": last["run"], "kind": last["kind"], "status": _status(last, now)} if last else None,
        "running": _at_work(now, counts[now["run"]]) if now else None,
        "unfinished": {run: count for run, count in counts.items() if not now or run != now["run"]},
        "adapters": len(ledger.current()),
        "winners": len(ledger.winners()),
        "dataset": str(config.dataset_path) if config.dataset_path.exists() else None,
    }
    if as_json:
        emit(result)
    else:
        _show(result, config)


def _open(run: str | None, now: dict[str, Any] | None) -> str:
    if run is None:
        return "not learned with this model"
    return "in work" if now and run == now["run"] else "unfinished"


def _status(run: dict[str, Any], now: dict[str, Any] | None) -> str:
    """What the ledger calls running was killed where nobody is at work on it."""
    return "cut off" if run["status"] == "running" and not now else str(run["status"])


def _at_work(now: dict[str, Any], left: int) -> dict[str, Any]:
    return {**{key: now[key] for key in ("run", "process", "machine", "seconds")}, "documents_left": left}


def _who(running: dict[str, Any]) -> str:
    elsewhere = f" on {running['machine']}" if running["machine"] != platform.node() else ""
    return f"process {running['process']}{elsewhere}"


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
    running = result["running"]
    if running:
        left = counted(running["documents_left"], "document")
        typer.echo(f"{'running':10} {running['run']} now, in {_who(running)}; {left} left")
    for run, count in result["unfinished"].items():
        typer.echo(f"{'unfinished':10} {counted(count, 'document')} of run {run}: {resume_command(config.home, run)}")
