"""Measuring subjects (the base, candidates, a champion) on a document's probes and on general questions, once each."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from agent.records import BASE, Document, Drift, Probe, ProbeSet
from graphs.context import Context
from graphs.library.folders import candidate_folder

if TYPE_CHECKING:
    from evals.meters.drift import DriftMeter
    from evals.meters.retention import RetentionMeter

Subjects = dict[str, Path | None]
"""The adapter's folder by the subject's name; None for the bare base."""


def retention_meter(context: Context) -> RetentionMeter:
    """Remembers what the base knows: ask for it by `context.keep(retention_meter)`."""
    from evals.meters.retention import RetentionMeter

    return RetentionMeter(context.model)


def drift_meter(context: Context) -> DriftMeter:
    """Likewise."""
    from evals.meters.drift import DriftMeter

    return DriftMeter(context.model)


def score_subjects(context: Context, run: str, document: Document, probes: ProbeSet, subjects: Subjects) -> set[str]:
    """Score what the ledger has not scored yet, with retention. Returns the subjects whose figures are not numbers."""
    from evals.probes.scoring import score

    ledger = context.ledger
    groups: dict[tuple[Probe, ...], Subjects] = {}
    for subject, path in subjects.items():
        known = {s.probe for s in ledger.scores(run, subject, document.id)}
        missing = tuple(p for p in probes if p.id not in known)
        groups.setdefault(missing, {})[subject] = path
    broken: set[str] = set()
    for missing, group in groups.items():
        scores = score(context.model, document.title, missing, group, context.judge)
        broken |= {s.subject for s in scores if not math.isfinite(s.logprob)}
        ledger.add_scores(run, [s for s in scores if s.subject not in broken])
    _measure_retention(context, run, document, {s: p for s, p in subjects.items() if s not in broken})
    return broken


def _measure_retention(context: Context, run: str, document: Document, subjects: Subjects) -> None:
    from evals.meters.retention import questions

    unknown = {s: p for s, p in subjects.items() if not context.ledger.retention(run, s)}
    if unknown:
        limit = context.config.ask.max_distance
        distances = context.router.distances(questions(), [document.id], context.ledger.document)
        routed = [row[0] <= limit for row in distances]
        for retention in context.keep(retention_meter).measure(unknown, document.title, routed):
            context.ledger.add_retention(run, retention)


def measure_drift(context: Context, run: str, subject: str) -> Drift:
    """Of a candidate or the base; measured once per run."""
    found = context.ledger.drift(run, subject)
    if found is None:
        folder = None if subject == BASE else candidate_folder(context.config, subject)
        (found,) = context.keep(drift_meter).measure({subject: folder})
        context.ledger.add_drift(run, found)
    return found
