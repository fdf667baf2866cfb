"""`seal trace`: what a run did and why, as a tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agent.errors import StoreError
from agent.ports.ledger import Ledger
from agent.records import BASE, Document
from app.cli.session import command, emit, opened
from graphs.library.champion import decided
from graphs.methods.outer import IMPROVE
from graphs.views.summary import latest, question_rows


def run(run_id: str | None, home: Path | None, file: Path | None, overrides: Sequence[str], as_json: bool) -> None:
    """Without a run the last one that read a document, so that a run which found nothing new does not hide it.

    Raises:
        StoreError: there is no such run.
    """
    runtime = opened(home, file, overrides)
    ledger = runtime.ledger
    runs = [str(r["run"]) for r in latest(ledger)]
    if not runs:
        raise StoreError("there is no run yet", f"start with: {command('ingest SOURCE', runtime.config.home)}")
    wanted = run_id or next((r for r in runs if ledger.documents(r)), runs[0])
    if as_json:
        emit(everything(ledger, wanted))
        return
    from app.show.trace_tree import show

    show(everything(ledger, wanted))


def everything(ledger: Ledger, run: str) -> dict[str, Any]:
    """All that the ledger knows of a run, as JSON data. What the rounds of `seal improve` did with documents is in runs
    of their own."""
    told = ledger.run(run)
    documents = [] if told["kind"] == IMPROVE else ledger.documents(run)
    return {
        "run": told,
        "events": [e.model_dump(mode="json") for e in ledger.events(run)],
        "documents": [_document(ledger, run, d) for d in documents],
        "rounds": [r.model_dump(mode="json") for r in ledger.rounds(run)],
    }


def _document(ledger: Ledger, run: str, document: Document) -> dict[str, Any]:
    champion = decided(ledger, run, document.id)
    edits = {e.plan: e for e in ledger.self_edits(run, document.id)}
    decision = ledger.decision(champion.id) if champion else None
    base_drift = ledger.drift(run, BASE)
    return {
        "document": document.model_dump(mode="json"),
        "outcome": ledger.outcomes(run).get(document.id, "unfinished"),
        "probes": [p.model_dump(mode="json") for p in ledger.probes(document.id)],
        "plans": [
            {**p.model_dump(mode="json"), "self_edit": edits[p.id].model_dump(mode="json") if p.id in edits else None}
            for p in ledger.plans(run, document.id)
        ],
        "candidates": [_candidate(ledger, run, c.id, document.id) for c in ledger.candidates(run, document.id)],
        "base_drift": base_drift.model_dump(mode="json") if base_drift else None,
        "base_scores": [s.model_dump(mode="json") for s in ledger.scores(run, BASE, document.id)],
        "champion": champion.id if champion else None,
        "gate": decision.model_dump(mode="json") if decision else None,
        "questions": [asdict(row) for row in question_rows(ledger, run, document)],
    }


def _candidate(ledger: Ledger, run: str, id: str, document: str) -> dict[str, Any]:
    training, reward, retention = ledger.training(id), ledger.reward(id), ledger.retention(run, id)
    drift = ledger.drift(run, id)
    return {
        **ledger.candidate(id).model_dump(mode="json"),
        "training": training.model_dump(mode="json") if training else None,
        "reward": reward.model_dump(mode="json") if reward else None,
        "retention": retention.model_dump(mode="json") if retention else None,
        "drift": drift.model_dump(mode="json") if drift else None,
        "scores": [s.model_dump(mode="json") for s in ledger.scores(run, id, document)],
    }
