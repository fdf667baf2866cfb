"""All that the ledger knows of a run."""

from __future__ import annotations

from agent.errors import StoreError
from agent.ports import Ledger
from agent.records import (
    BASE,
    Candidate,
    Document,
    Drift,
    Event,
    GateDecision,
    Outcome,
    Plan,
    Probe,
    Record,
    Retention,
    Reward,
    Round,
    Run,
    Score,
    SelfEdit,
    Training,
)
from graphs.library.winners import champion_of
from graphs.views.status import latest_runs
from graphs.views.summary import UNFINISHED, QuestionRow, question_rows


class PlanTrace(Plan):
    """A plan with what was written for it."""

    self_edit: SelfEdit | None


class CandidateTrace(Candidate):
    """A candidate with what was measured of it."""

    training: Training | None
    reward: Reward | None
    retention: Retention | None
    drift: Drift | None
    scores: tuple[Score, ...]


class DocumentTrace(Record):
    """What a run did with a document. `base_drift` and `base_scores` are the base's own, `gate` the decision on the
    champion, whose id is None where there is none."""

    document: Document
    outcome: Outcome
    probes: tuple[Probe, ...]
    plans: tuple[PlanTrace, ...]
    candidates: tuple[CandidateTrace, ...]
    base_drift: Drift | None
    base_scores: tuple[Score, ...]
    champion: str | None
    gate: GateDecision | None
    questions: tuple[QuestionRow, ...]


class RunTrace(Record):
    """What a run did and why. What the rounds of an outer loop did with documents is in runs of their own."""

    run: Run
    events: tuple[Event, ...]
    documents: tuple[DocumentTrace, ...]
    rounds: tuple[Round, ...]


def trace_run(ledger: Ledger, run: str | None) -> RunTrace:
    """Without a run the last one that read a document, so that a run which found nothing new does not hide it.

    Raises:
        StoreError: there is no such run, or none yet.
    """
    if run is None:
        runs = [known.id for known in latest_runs(ledger)]
        if not runs:
            raise StoreError("there is no run yet")
        run = next((one for one in runs if ledger.documents(one)), runs[0])
    known = ledger.run(run)
    documents = [] if known.kind == "improve" else ledger.documents(run)
    return RunTrace(
        run=known, events=tuple(ledger.events(run)), documents=tuple(trace_document(ledger, run, d) for d in documents),
        rounds=tuple(ledger.rounds(run)),
    )  # fmt: skip


def trace_document(ledger: Ledger, run: str, document: Document) -> DocumentTrace:
    champion = champion_of(ledger, run, document.id)
    edits = {e.plan: e for e in ledger.self_edits(run, document.id)}
    return DocumentTrace(
        document=document,
        outcome=ledger.outcomes(run).get(document.id, UNFINISHED),
        probes=tuple(ledger.probes(document.id)),
        plans=tuple(PlanTrace(**dict(p), self_edit=edits.get(p.id)) for p in ledger.plans(run, document.id)),
        candidates=tuple(_candidate(ledger, run, c) for c in ledger.candidates(run, document.id)),
        base_drift=ledger.drift(run, BASE),
        base_scores=tuple(ledger.scores(run, BASE, document.id)),
        champion=champion.id if champion else None,
        gate=ledger.decision(champion.id) if champion else None,
        questions=tuple(question_rows(ledger, run, document)),
    )


def _candidate(ledger: Ledger, run: str, candidate: Candidate) -> CandidateTrace:
    id = candidate.id
    return CandidateTrace(
        **dict(candidate), training=ledger.training(id), reward=ledger.reward(id), retention=ledger.retention(run, id),
        drift=ledger.drift(run, id), scores=tuple(ledger.scores(run, id, candidate.document)),
    )  # fmt: skip
