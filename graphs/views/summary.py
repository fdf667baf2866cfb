"""What a run came to, from the ledger alone: every question before and after, counts, retention."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from agent.ports.ledger import Ledger
from agent.records import BASE, Document, Event, Probe, RoutedAnswer, Score
from evals.probes.matching import METHOD
from evals.probes.scoring import grade_alike
from graphs.ingest.reading import KNOWN, TWICE
from graphs.library.champion import best_reward, decided, members
from graphs.measure.evidence import probes_of
from graphs.methods.outer import HELDOUT, PRACTICE


@dataclass(frozen=True)
class QuestionRow:
    """One question: what the base said, told the document's title, and what seal says now, routed as in `seal ask`.

    `routed_to` says who gave the answer after: the adapter of the question's own document ("own"), another
    one ("other") or the base ("base"); "" where the run did not get to ask. `right_champion` says whether the
    document's champion, switched on by hand, was right, published or not; None where there is none.
    """

    document: str
    title: str
    kind: str
    half: str
    question: str
    reference: str
    before: str
    after: str
    right_before: bool
    right_after: bool
    routed_to: str
    adapter: str
    right_champion: bool | None
    methods: tuple[str, ...]
    """How the answers before and after were graded."""


@dataclass(frozen=True)
class DocumentRow:
    """What came of a document. `strategy` names those of all members of its champion, `reward` is the best one's."""

    document: str
    title: str
    outcome: str
    strategy: str
    reward: float
    gate: str
    retention_before: float
    retention_after: float
    forced_retention_after: float


def latest(ledger: Ledger) -> list[dict[str, Any]]:
    """All runs that a person began, first the one that is going on or was at work last: one that was taken up again is
    later than its start."""
    own = (r for r in ledger.runs() if r["kind"] not in (PRACTICE, HELDOUT))
    return sorted(own, key=lambda r: float(r["began_at"]), reverse=True)


def question_rows(ledger: Ledger, run: str, document: Document) -> list[QuestionRow]:
    """One row a probe that is not a recall probe, with the answer over the library as it was last examined."""
    before = {s.probe: s for s in ledger.scores(run, BASE, document.id)}
    champion = decided(ledger, run, document.id)
    forced = {s.probe: s for s in ledger.scores(run, champion.id, document.id)} if champion else {}
    after = {a.probe: a for a in ledger.routed_answers(run, document.id)}
    probes = probes_of(ledger, run, document.id).knowledge
    return [_row(p, document, before[p.id], after.get(p.id), forced.get(p.id)) for p in probes]


def _row(
    probe: Probe, document: Document, before: Score, after: RoutedAnswer | None, forced: Score | None
) -> QuestionRow:
    answers = {"before": before, "after": after, "champion": forced}
    right = grade_alike(probe, {name: answer for name, answer in answers.items() if answer})
    return QuestionRow(
        document=document.id,
        title=document.title,
        kind=probe.kind,
        half=probe.half,
        question=probe.question,
        reference=probe.answer,
        before=before.answer,
        after=after.answer if after else "",
        right_before=right["before"],
        right_after=right.get("after", False),
        routed_to=after.routed_to if after else "",
        adapter=after.adapter if after else "",
        right_champion=right.get("champion"),
        methods=tuple(a.method for a in (before, after) if a),
    )


def document_rows(ledger: Ledger, run: str) -> list[DocumentRow]:
    outcomes = ledger.outcomes(run)
    rows: list[DocumentRow] = []
    for document in ledger.documents(run):
        champion = decided(ledger, run, document.id)
        decision = ledger.decision(champion.id) if champion else None
        retention = ledger.retention(run, champion.id) if champion else None
        rows.append(
            DocumentRow(
                document=document.id,
                title=document.title,
                outcome=outcomes.get(document.id, "unfinished"),
                strategy=" + ".join(member.strategy for member in members(ledger, champion)) if champion else "",
                reward=best_reward(ledger, champion).value if champion else 0.0,
                gate=decision.reason if decision else "",
                retention_before=decision.retention_before if decision else 0.0,
                retention_after=decision.retention_after if decision else 0.0,
                forced_retention_after=retention.forced if retention else 0.0,
            )
        )
    return rows


def summarize(ledger: Ledger, run: str) -> dict[str, Any]:
    """The result of `seal ingest --json`.

    Accuracy is over the questions that came with the documents; where none came, over those that
    seal made. `question_source` says which, `questions_given` and `questions_made` how many of either there are.
    `accuracy_after` is what a person gets: every question goes through the router over the whole library.
    `accuracy_champions` has the champion of each question's own document on instead, published or not (the base
    where there is none): what was learned. `unanswered` documents were known already, and no adapter answers for
    them. `seconds` are those of all `sittings` together, without the time between them.
    """
    recorded = ledger.run(run)
    documents = document_rows(ledger, run)
    rows = [row for d in ledger.documents(run) for row in question_rows(ledger, run, d)]
    given = [row for row in rows if row.kind == "given"]
    counted = given or rows
    held = [row for row in counted if row.half == "heldout"]
    routed = Counter(row.routed_to for row in counted)
    methods = Counter(method for row in counted for method in row.methods)
    published = [d for d in documents if d.outcome == "published"]
    base = ledger.retention(run, BASE)
    events = ledger.events(run)
    answered = {adapter.document for adapter in ledger.current(recorded["config"].get("model", {}).get("name"))}
    skipped = [e for e in events if e.step == "read-item" and e.status == "skipped"]
    failures = _failures(events)
    return {
        "run": run,
        "documents": len(documents),
        "skipped": len({(e.document, e.message) for e in skipped}),
        "unanswered": len({e.document for e in skipped if e.message == KNOWN} - answered),
        "failed": len(failures) + sum(d.outcome.startswith("failed") for d in documents),
        "failures": failures,
        "notes": list(dict.fromkeys(e.message for e in skipped if e.message not in (KNOWN, TWICE))),
        "candidates": sum(not c.members for c in ledger.candidates(run)),
        "published": len(published),
        "questions": len(counted),
        "questions_given": len(given),
        "questions_made": len(rows) - len(given),
        "methods": dict(methods),
        "not_judged": methods[METHOD] if recorded["config"].get("judge", {}).get("endpoint") else 0,
        "question_source": "given" if given else "made by seal",
        "accuracy_before": _share([r.right_before for r in counted]),
        "accuracy_after": _share([r.right_after for r in counted if r.routed_to]),
        "accuracy_champions": _share([_learned(r) for r in counted]),
        "routed_to_own": routed["own"],
        "routed_to_other": routed["other"],
        "routed_to_base": routed["base"],
        "heldout_questions": len(held),
        "heldout_accuracy_before": _share([r.right_before for r in held]),
        "heldout_accuracy_after": _share([r.right_after for r in held if r.routed_to]),
        "retention_before": _mean([d.retention_before for d in published]),
        "retention_after": _mean([d.retention_after for d in published]),
        "forced_retention_before": round(base.forced, 4) if base and published else None,
        "forced_retention_after": _mean([d.forced_retention_after for d in published]),
        "seconds": round(recorded["seconds"], 1),
        "sittings": recorded["sittings"],
        "results": [asdict(row) for row in documents],
        "answers": [asdict(row) for row in counted],
    }


def _failures(events: list[Event]) -> list[str]:
    """Items and sources that could not be read. A run that was cut off while it read has tried some of them twice."""
    last = {e.subject: e for e in events if e.step == "read"}.values()
    items = [e for e in events if e.step == "read-item"]
    return list(dict.fromkeys(e.message for e in [*items, *last] if e.status == "failed"))


def _learned(row: QuestionRow) -> bool:
    return row.right_before if row.right_champion is None else row.right_champion


def _share(right: list[bool]) -> float | None:
    return round(sum(right) / len(right), 4) if right else None


def _mean(values: list[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
