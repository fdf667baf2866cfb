"""What a run of ingest came to, from the ledger alone: every question before and after, counts, retention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Self

from agent.ports import Ledger
from agent.records import BASE, Document, Event, Outcome, Probe, Record, RoutedAnswer, Score
from evals.probes.matching import METHOD
from evals.probes.scoring import grade_alike
from graphs.ingest.reading import KNOWN, TWICE
from graphs.library.winners import best_reward, champion_of, members_of
from graphs.measure.evidence import probes_of

UNFINISHED = Outcome(kind="unfinished")


class QuestionRow(Record):
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


class DocumentRow(Record):
    """What came of a document. `strategy` names those of all members of its champion, `reward` is the best one's."""

    document: str
    title: str
    outcome: Outcome
    strategy: str
    reward: float
    gate: str
    retention_before: float
    retention_after: float
    forced_retention_after: float


class Summed(Record):
    """What a run came to. `home` is where the run was, "" where nobody said."""

    def recorded(self) -> dict[str, Any]:
        """What the ledger keeps of it: the figures, without where it was and what each document came to."""
        return self.model_dump(mode="json", exclude={"home", "report", "results", "answers"})

    def as_recorded(self, recorded: Mapping[str, Any]) -> Self:
        """Itself with the figures that were recorded when the run ended."""
        known = {name: value for name, value in recorded.items() if name in type(self).model_fields}
        return self.model_validate({**dict(self), **known})


class Summary(Summed):
    """The result of `seal ingest --json`.

    Accuracy is over the questions that came with the documents; where none came, over those that seal made.
    `question_source` says which, `questions_given` and `questions_made` how many of either there are. `accuracy_after`
    is what a person gets: every question goes through the router over the whole library. `accuracy_champions` has the
    champion of each question's own document on instead, published or not (the base where there is none): what was
    learned. `unanswered` documents were known already, and no adapter answers for them. `seconds` are those of all
    `sittings` together, without the time between them.
    """

    run: str
    documents: int
    skipped: int
    unanswered: int
    failed: int
    failures: tuple[str, ...]
    notes: tuple[str, ...]
    candidates: int
    published: int
    questions: int
    questions_given: int
    questions_made: int
    methods: dict[str, int]
    not_judged: int
    question_source: str
    accuracy_before: float | None
    accuracy_after: float | None
    accuracy_champions: float | None
    routed_to_own: int
    routed_to_other: int
    routed_to_base: int
    heldout_questions: int
    heldout_accuracy_before: float | None
    heldout_accuracy_after: float | None
    retention_before: float | None
    retention_after: float | None
    forced_retention_before: float | None = None
    forced_retention_after: float | None
    seconds: float
    sittings: int
    results: tuple[DocumentRow, ...]
    answers: tuple[QuestionRow, ...]
    home: str = ""


def question_rows(ledger: Ledger, run: str, document: Document) -> list[QuestionRow]:
    """One row a probe that is not a recall probe, with the answer over the library as it was last examined."""
    before = {s.probe: s for s in ledger.scores(run, BASE, document.id)}
    champion = champion_of(ledger, run, document.id)
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
        champion = champion_of(ledger, run, document.id)
        decision = ledger.decision(champion.id) if champion else None
        retention = ledger.retention(run, champion.id) if champion else None
        rows.append(
            DocumentRow(
                document=document.id,
                title=document.title,
                outcome=outcomes.get(document.id, UNFINISHED),
                strategy=" + ".join(member.strategy for member in members_of(ledger, champion)) if champion else "",
                reward=best_reward(ledger, champion).value if champion else 0.0,
                gate=decision.reason if decision else "",
                retention_before=decision.retention_before if decision else 0.0,
                retention_after=decision.retention_after if decision else 0.0,
                forced_retention_after=retention.forced if retention else 0.0,
            )
        )
    return rows


def summarize(ledger: Ledger, run: str) -> Summary:
    """What a run came to so far."""
    recorded = ledger.run(run)
    documents = document_rows(ledger, run)
    rows = [row for d in ledger.documents(run) for row in question_rows(ledger, run, d)]
    given = [row for row in rows if row.kind == "given"]
    counted = given or rows
    held = [row for row in counted if row.half == "heldout"]
    routed = Counter(row.routed_to for row in counted)
    methods = Counter(method for row in counted for method in row.methods)
    published = [d for d in documents if d.outcome.kind == "published"]
    base = ledger.retention(run, BASE)
    events = ledger.events(run)
    answered = {adapter.document for adapter in ledger.current(recorded.base)}
    skipped = [e for e in events if e.step == "read-item" and e.status == "skipped"]
    failures = _failures(events)
    return Summary(
        run=run,
        documents=len(documents),
        skipped=len({(e.document, e.message) for e in skipped}),
        unanswered=len({e.document for e in skipped if e.message == KNOWN.kind} - answered),
        failed=len(failures) + sum(not d.outcome.is_final for d in documents),
        failures=tuple(failures),
        notes=(*dict.fromkeys(e.message for e in skipped if e.message not in (KNOWN.kind, TWICE)), *_not_asked(events)),
        candidates=sum(not c.members for c in ledger.candidates(run)),
        published=len(published),
        questions=len(counted),
        questions_given=len(given),
        questions_made=len(rows) - len(given),
        methods=dict(methods),
        not_judged=methods[METHOD] if recorded.config.get("judge", {}).get("endpoint") else 0,
        question_source="given" if given else "made by seal",
        accuracy_before=_mean([r.right_before for r in counted]),
        accuracy_after=_mean([r.right_after for r in counted if r.routed_to]),
        accuracy_champions=_mean([r.right_before if r.right_champion is None else r.right_champion for r in counted]),
        routed_to_own=routed["own"],
        routed_to_other=routed["other"],
        routed_to_base=routed["base"],
        heldout_questions=len(held),
        heldout_accuracy_before=_mean([r.right_before for r in held]),
        heldout_accuracy_after=_mean([r.right_after for r in held if r.routed_to]),
        retention_before=_mean([d.retention_before for d in published]),
        retention_after=_mean([d.retention_after for d in published]),
        forced_retention_before=round(base.forced, 4) if base and published else None,
        forced_retention_after=_mean([d.forced_retention_after for d in published]),
        seconds=round(recorded.seconds, 1),
        sittings=recorded.sittings,
        results=tuple(documents),
        answers=tuple(counted),
    )


def _failures(events: list[Event]) -> list[str]:
    """Items and sources that could not be read. A run that was cut off while it read has tried some of them twice."""
    last = {e.subject: e for e in events if e.step == "read"}.values()
    items = [e for e in events if e.step == "read-item"]
    return list(dict.fromkeys(e.message for e in [*items, *last] if e.status == "failed"))


def _not_asked(events: list[Event]) -> list[str]:
    """Documents whose questions could not be asked in the end."""
    last = {e.document: e for e in events if e.step == "examine" and e.document}.values()
    return [f"the questions of {e.subject}: {e.message}" for e in last if e.status == "failed"]


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
