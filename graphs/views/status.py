"""Where things stand in a home, and what its adapter library was and is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pydantic import model_serializer

from agent.ports import Ledger
from agent.records import Adapter, LibraryVersion, Outcome, Record, Run
from graphs.context import Context
from graphs.library.unfinished import unfinished
from graphs.methods import all_methods
from graphs.methods.method import Method

RECENT = 5
"""Runs that are listed, the latest first."""


class RunRow(Record):
    """A run in a list. `status` is "cut off" where the ledger calls it running and nobody is at work on it. `rounds`
    has the verdicts of an outer loop's rounds."""

    run: str
    began_at: float
    kind: str
    status: str
    documents: int
    rounds: tuple[str, ...]
    published: int

    @property
    def improves(self) -> bool:
        return self.kind == "improve"


class LastRun(Record):
    run: str
    kind: str
    status: str


class AtWork(Record):
    """The run that a process works on now."""

    run: str
    process: int | None
    machine: str | None
    seconds: float
    documents_left: int


class Status(Record):
    """`outcomes` counts documents by what came of them with the model at hand; `unfinished` counts those left of runs
    that were cut off. `policies` says of each method which policy acts and why, None where none does: in JSON each is a
    key of its own, by the method's name."""

    home: str
    model: str
    documents: int
    outcomes: dict[str, int]
    runs: int
    recent_runs: tuple[RunRow, ...]
    last_run: LastRun | None
    running: AtWork | None
    unfinished: dict[str, int]
    adapters: int
    winners: int
    policies: dict[str, str | None]
    waiting: int
    dataset: str | None

    @model_serializer(mode="wrap", when_used="json")
    def _as_json(self, handler: Any) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for name, value in handler(self).items():
            told |= value if name == "policies" else {name: value}
        return told


def view_status(context: Context) -> Status:
    config, ledger = context.config, context.ledger
    learning = ledger.learning()  # first: a run that ends in between is done, one that was cut off is not
    documents = ledger.documents()
    left, recent = unfinished(ledger), latest_runs(ledger)
    last = recent[0] if recent else None
    now = last if last and learning and last.status == "running" else None
    answered = {adapter.document for adapter in ledger.current(config.model.name)}
    outcomes = Counter(
        _came(ledger.outcome(d.id, config.model.name), d.id in answered) or _open(left.get(d.id), now)
        for d in documents
    )
    counts = Counter(left.values())
    at_work = now and AtWork(
        run=now.id, process=now.process, machine=now.machine, seconds=now.seconds, documents_left=counts[now.id]
    )
    return Status(
        home=str(config.home),
        model=config.model.name,
        documents=len(documents),
        outcomes=dict(outcomes),
        runs=len(recent),
        recent_runs=tuple(_row(ledger, run, now) for run in recent[:RECENT]),
        last_run=LastRun(run=last.id, kind=last.kind, status=_status(last, now)) if last else None,
        running=at_work,
        unfinished={run: count for run, count in counts.items() if not now or run != now.id},
        adapters=len(ledger.current()),
        winners=len(ledger.winners()),
        policies={name: _acts(context, method) for name, method in context.keep(all_methods).items()},
        waiting=sum(answer is None for _, answer in ledger.asked()),
        dataset=str(config.dataset_path) if config.dataset_path.exists() else None,
    )


def _acts(context: Context, method: Method) -> str | None:
    """The policy of a method that acts now, and why."""
    if not method.acting().learned:
        return None
    last = context.ledger.promotions(context.config.model.name, method.name)[-1]
    since = f"since round {last.number} of run {last.run}" if last.run else "since another one was taken back"
    return f"{last.policy}, {since}: {last.reason}"


def _came(outcome: Outcome | None, answered: bool) -> str | None:
    """What came of a document, and whether it was taken back since."""
    if outcome is None:
        return None
    return "taken back" if outcome.kind == "published" and not answered else str(outcome)


def _open(run: str | None, now: Run | None) -> str:
    if run is None:
        return "not learned with this model"
    return "in work" if now and run == now.id else "unfinished"


def _status(run: Run, now: Run | None) -> str:
    """What the ledger calls running was killed where nobody is at work on it."""
    return "cut off" if run.status == "running" and not now else run.status


def _row(ledger: Ledger, run: Run, now: Run | None) -> RunRow:
    return RunRow(
        run=run.id,
        began_at=run.began_at,
        kind=run.kind,
        status=_status(run, now if now and now.id == run.id else None),
        documents=len(ledger.documents(run.id)),
        rounds=tuple(r.word for r in ledger.rounds(run.id)),
        published=sum(outcome.kind == "published" for outcome in ledger.outcomes(run.id).values()),
    )


def latest_runs(ledger: Ledger) -> list[Run]:
    """All runs that a person began, first the one that is going on or was at work last: one that was taken up again is
    later than its start."""
    return sorted(
        (r for r in ledger.runs() if r.kind not in ("practice", "held-out")), key=lambda r: r.began_at, reverse=True
    )


class WentBack(Record):
    """A taking back that made no version: from the one that had added the adapter, the library went back to `to`."""

    removed: str
    to: int | None
    reason: str
    at: float


class Library(Record):
    """`current` are the adapters that answer now, `library` every version, `went_back` what made none."""

    current: tuple[Adapter, ...]
    library: tuple[LibraryVersion, ...]
    went_back: tuple[WentBack, ...]


def view_library(ledger: Ledger) -> Library:
    current, versions = ledger.current(), ledger.library()
    return Library(current=tuple(current), library=tuple(versions), went_back=tuple(_backs(ledger, versions)))


def _backs(ledger: Ledger, versions: Sequence[LibraryVersion]) -> list[WentBack]:
    """One for each version that does not stand behind the current one. The adapter's run tells when and why."""
    parents = {v.version: v.parent for v in versions}
    at = next((v.version for v in versions if v.current), None)
    line = set[int]()
    while at is not None:
        line.add(at)
        at = parents[at]
    found = [
        WentBack(removed=str(v.added), to=v.parent, reason=event.message, at=event.at)
        for v in versions
        if v.version not in line and v.candidate
        for event in ledger.events(ledger.candidate(v.candidate).run)
        if event.step == "rollback" and event.subject == v.candidate
    ]
    return sorted(found, key=lambda back: back.at)
