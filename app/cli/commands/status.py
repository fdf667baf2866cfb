"""`seal status`: where things stand."""

from __future__ import annotations

import platform
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from agent.config import Config
from agent.ports.ledger import Ledger
from agent.records.rounds import Kind
from app.cli.session import command, emit, opened, resume_command
from app.show.tables import counted
from graphs.methods.outer import IMPROVE
from graphs.runs.unfinished import unfinished
from graphs.views.summary import latest

if TYPE_CHECKING:
    from graphs.runtime import Runtime

RECENT = 5
"""Runs that are listed, the latest first."""


def run(home: Path | None, file: Path | None, overrides: Sequence[str], as_json: bool) -> None:
    runtime = opened(home, file, overrides)
    config, ledger = runtime.config, runtime.ledger
    learning = ledger.learning()  # first: a run that ends in between is done, one that was cut off is not
    documents = ledger.documents()
    left, recent = unfinished(ledger), latest(ledger)
    last = recent[0] if recent else None
    now = last if last and learning and last["status"] == "running" else None
    answered = {adapter.document for adapter in ledger.current(config.model.name)}
    outcomes = Counter(
        _outcome(ledger.outcome(d.id, config.model.name), d.id in answered) or _open(left.get(d.id), now)
        for d in documents
    )
    counts = Counter(left.values())
    result = {
        "home": str(config.home),
        "model": config.model.name,
        "documents": len(documents),
        "outcomes": dict(outcomes),
        "runs": len(recent),
        "recent_runs": [_told(ledger, r, now) for r in recent[:RECENT]],
        "last_run": {"run": last["run"], "kind": last["kind"], "status": _status(last, now)} if last else None,
        "running": _at_work(now, counts[now["run"]]) if now else None,
        "unfinished": {run: count for run, count in counts.items() if not now or run != now["run"]},
        "adapters": len(ledger.current()),
        "winners": len(ledger.winners()),
        "planner": _policy(runtime, "planner"),
        "writer": _policy(runtime, "writer"),
        "waiting": sum(answer is None for _, answer in ledger.asked()),
        "dataset": str(config.dataset_path) if config.dataset_path.exists() else None,
    }
    if as_json:
        emit(result)
    else:
        _show(result, config)


def _policy(runtime: Runtime, kind: Kind) -> str | None:
    """The policy of that kind that acts now, and why."""
    if (runtime.acting if kind == "planner" else runtime.acting_writer) is None:
        return None
    last = runtime.ledger.promotions(runtime.config.model.name, kind)[-1]
    since = f"since round {last.number} of run {last.run}" if last.run else "since another one was taken back"
    return f"{last.policy}, {since}: {last.reason}"


def _outcome(outcome: str | None, answered: bool) -> str | None:
    """What came of a document, and whether it was taken back since."""
    return "taken back" if outcome == "published" and not answered else outcome


def _open(run: str | None, now: dict[str, Any] | None) -> str:
    if run is None:
        return "not learned with this model"
    return "in work" if now and run == now["run"] else "unfinished"


def _status(run: dict[str, Any], now: dict[str, Any] | None) -> str:
    """What the ledger calls running was killed where nobody is at work on it."""
    return "cut off" if run["status"] == "running" and not now else str(run["status"])


def _told(ledger: Ledger, run: dict[str, Any], now: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "run": run["run"], "began_at": run["began_at"], "kind": run["kind"],
        "status": _status(run, now if now and now["run"] == run["run"] else None),
        "documents": len(ledger.documents(run["run"])), "rounds": [r.word for r in ledger.rounds(run["run"])],
        "published": list(ledger.outcomes(run["run"]).values()).count("published"),
    }  # fmt: skip


def _at_work(now: dict[str, Any], left: int) -> dict[str, Any]:
    return {**{key: now[key] for key in ("run", "process", "machine", "seconds")}, "documents_left": left}


def _who(running: dict[str, Any]) -> str:
    elsewhere = f" on {running['machine']}" if running["machine"] != platform.node() else ""
    return f"process {running['process']}{elsewhere}"


def _came(run: dict[str, Any]) -> str:
    documents = counted(run["documents"], "document")
    if run["kind"] == IMPROVE:
        promoted = run["rounds"].count("promote")
        return f"{documents}, {counted(len(run['rounds']), 'round')}, {promoted} promoted a policy"
    return f"{documents}, {run['published']} published"


def _show(result: dict[str, Any], config: Config) -> None:
    told = ", ".join(f"{count} {name}" for name, count in result["outcomes"].items()) or "none yet"
    lines = {
        "home": result["home"],
        "model": result["model"],
        "documents": f"{result['documents']} ({told})",
        "adapters": f"{result['adapters']} in the library now",
        "winners": f"{result['winners']} in memory and dataset",
        "planner": result["planner"] or "none promoted yet",
        "writer": result["writer"] or "none promoted yet",
    }
    for name, value in lines.items():
        typer.echo(f"{name:10} {value}")
    if result["waiting"]:
        typer.echo(f"{'waiting':10} {result['waiting']} for your word: {command('approve', config.home)}")
    if not result["recent_runs"]:
        typer.echo(f"{'runs':10} none; start with: {command('ingest SOURCE', config.home)}")
    for run in result["recent_runs"]:
        at = time.strftime("%Y-%m-%d %H:%M", time.localtime(run["began_at"]))
        typer.echo(f"{'run':10} {run['run']}  {at}  {run['kind']}, {run['status']}: {_came(run)}")
        if run["kind"] == IMPROVE and run["status"] in ("stopped", "cut off"):
            typer.echo(f"{'':10} go on with: {resume_command(config.home, run['run'], verb='improve')}")
    running = result["running"]
    if running:
        left = counted(running["documents_left"], "document")
        typer.echo(f"{'running':10} {running['run']} now, in {_who(running)}; {left} left")
    for run, count in result["unfinished"].items():
        typer.echo(f"{'unfinished':10} {counted(count, 'document')} of run {run}: {resume_command(config.home, run)}")
