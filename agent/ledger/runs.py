"""The part of the ledger about runs, the documents that they read, the trace of events, and what they used."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Integer, Select, case, func, insert, select, update

from agent.clock import Clock
from agent.errors import StoreError, UnknownName
from agent.ledger.store import Store, insert_new, row
from agent.ledger.tables import documents, events, run_documents, runs, scores, sittings, usages
from agent.records import Document, Event, Outcome, Run, RunKind, RunStatus, Usage, Used


class Runs(Store):
    """Runs, documents, events and usage."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        super().__init__(engine, clock)
        self._sitting: dict[str, tuple[int, float]] = {}
        """The runs that this process works on: the sitting's row, and when it began on a clock that only goes on."""

    def start_run(
        self, run: str, kind: RunKind, config: dict[str, Any], sources: Sequence[str],
        parent: str | None = None, round: int | None = None, trains: str | None = None,
    ) -> None:  # fmt: skip
        first = {
            "id": run, "kind": kind, "status": "running", "config": config, "sources": list(sources), "summary": {},
            "parent": parent, "round": round, "trains": trains, "started_at": self._clock.now(),
        }  # fmt: skip
        with self._write() as connection:
            if not insert_new(connection, runs, [first]):
                again = update(runs).where(runs.c.id == run)
                connection.execute(again.values(status="running", finished_at=None))
                measured = select(scores.c.seq).where(scores.c.run == run).exists()
                child = runs.alias("child")
                began = select(child.c.seq).where(child.c.parent == run).exists()
                connection.execute(again.where(~measured, ~began).values(config=config))
            self._sit_down(connection, run)

    def _sit_down(self, connection: Connection, run: str, ago: float = 0) -> None:
        """A sitting of the run that began so many seconds ago."""
        fresh = {
            "run": run, "process": os.getpid(), "machine": platform.node(), "began_at": self._clock.now() - ago,
            "seconds": 0,
        }  # fmt: skip
        seq = connection.execute(insert(sittings).values(**fresh).returning(sittings.c.seq)).scalar_one()
        self._sitting[run] = seq, self._clock.ticks() - ago

    def _count_time(self, connection: Connection, run: str, took: float = 0) -> None:
        """A sitting that is killed has lasted until the last event, one that is finished until then.

        What a practice or held-out run does is also time of the outer loop that it belongs to. It may have been begun
        by a process that is gone, while this one goes on with the outer loop: then it sits down with its first event,
        which `took` so many seconds.
        """
        parent = connection.execute(select(runs.c.parent).where(runs.c.id == run)).scalar()
        if parent in self._sitting and run not in self._sitting:
            self._sit_down(connection, run, took)
        for one in (run, parent):
            if one in self._sitting:
                seq, began = self._sitting[one]
                seconds = self._clock.ticks() - began
                connection.execute(update(sittings).where(sittings.c.seq == seq).values(seconds=seconds))

    def change_config(self, run: str, config: dict[str, Any]) -> None:
        self._update_run(run, config=config)

    def finish_run(self, run: str, status: RunStatus, summary: dict[str, Any]) -> None:
        self._update_run(run, status=status, summary=summary, finished_at=self._clock.now())

    def _update_run(self, run: str, **values: Any) -> None:
        with self._write() as connection:
            self._count_time(connection, run)
            if not connection.execute(update(runs).where(runs.c.id == run).values(**values)).rowcount:
                raise StoreError(f"the ledger holds no run {run}")

    def runs(self) -> list[Run]:
        return self._runs(_with_sittings())

    def run(self, run: str) -> Run:
        found = self._runs(_with_sittings().where(runs.c.id == run))
        if not found:
            newest = ", ".join(known.id for known in self.runs()[-3:])
            none = "there is none yet; start one with `seal ingest` or `seal improve`"
            raise UnknownName(f"the ledger has no run {run!r}", f"the latest runs are: {newest}" if newest else none)
        return found[0]

    def _runs(self, query: Select[Any]) -> list[Run]:
        with self._read() as connection:
            return [self._parse(Run, dict(found)) for found in connection.execute(query).mappings()]

    def add_document(self, document: Document, run: str) -> bool:
        with self._write() as connection:
            new = insert_new(connection, documents, [row(documents, document)])
            if not new and document.questions:
                whole = self.document(document.id).with_questions(document.questions)
                this = update(documents).where(documents.c.id == document.id)
                connection.execute(this.values(record=whole))
            insert_new(connection, run_documents, [{"run": run, "document": document.id}])
        return bool(new)

    def document(self, id: str) -> Document:
        return self._get(Document, documents, id)

    def documents(self, run: str | None = None) -> list[Document]:
        if run is None:
            return self._find(Document, documents)
        read = select(documents.c.record).join(run_documents, run_documents.c.document == documents.c.id)
        return self._query(Document, read.where(run_documents.c.run == run).order_by(run_documents.c.seq))

    def finish_document(self, run: str, id: str, outcome: Outcome, base: str) -> None:
        last = {"outcome": outcome.kind, "detail": outcome.detail, "base": base, "finished_at": self._clock.now()}
        this = (run_documents.c.run == run) & (run_documents.c.document == id)
        with self._write() as connection:
            insert_new(connection, run_documents, [{"run": run, "document": id}])
            connection.execute(update(run_documents).where(this).values(**last))

    def outcome(self, id: str, base: str, after: str = "") -> Outcome | None:
        done = (run_documents.c.document == id) & (run_documents.c.base == base)
        if after:
            own = (run_documents.c.run == after) & (run_documents.c.document == id)
            done &= run_documents.c.seq > select(run_documents.c.seq).where(own).scalar_subquery()
        last = _finished().where(done).order_by(run_documents.c.finished_at.desc(), run_documents.c.seq.desc())
        return next(iter(self._outcomes(last.limit(1)).values()), None)

    def outcomes(self, run: str) -> dict[str, Outcome]:
        return self._outcomes(_finished().where(run_documents.c.run == run).order_by(run_documents.c.seq))

    def _outcomes(self, query: Select[Any]) -> dict[str, Outcome]:
        with self._read() as connection:
            found = connection.execute(query).all()
        return {str(d): self._parse(Outcome, {"kind": kind, "detail": detail or ""}) for d, kind, detail in found}

    def add_event(self, event: Event) -> None:
        with self._write() as connection:
            self._count_time(connection, event.run, event.seconds)
            insert_new(connection, events, [row(events, event)])

    def events(self, run: str) -> list[Event]:
        return self._find(Event, events, run=run)

    def add_usage(self, usage: Usage) -> None:
        self._add(usages, [usage])

    def used(self, runs: Sequence[str]) -> Used:
        """Usage of accelerators stands in the events, that of endpoints in a table of its own."""
        event, usage, these = events.c, usages.c, list(runs)
        gpus, seconds = event.record[("data", "gpus")].as_integer(), event.record["seconds"].as_float()
        worked = select(_sum(gpus * seconds)).where(event.run.in_(these))
        silent = func.sum(case((usage.record["reported"].as_boolean(), 0), else_=1), type_=Integer)
        asked = select(
            func.count(), func.coalesce(silent, 0), _sum(usage.record["prompt_tokens"].as_integer()),
            _sum(usage.record["completion_tokens"].as_integer()), _sum(usage.record["money"].as_float()),
        ).where(usage.run.in_(these))  # fmt: skip
        with self._read() as connection:
            gpu_seconds = float(connection.execute(worked).scalar_one())
            answers, unreported, prompt, completion, money = connection.execute(asked).one()
        return Used(
            gpu_seconds=gpu_seconds, answers=int(answers), unreported=int(unreported), prompt_tokens=int(prompt),
            completion_tokens=int(completion), money=float(money),
        )  # fmt: skip


def _sum(values: Any) -> Any:
    return func.coalesce(func.sum(values), 0)


def _finished() -> Select[Any]:
    """Document, kind and detail of what runs have finished."""
    d = run_documents.c
    return select(d.document, d.outcome, d.detail).where(d.outcome.is_not(None))


def _with_sittings() -> Select[Any]:
    """Every run in the order of their first start, each with its sittings: how many, their seconds, and the last one's
    beginning, process and machine."""
    s, last = sittings.c, sittings.alias("last")
    sat = (
        select(
            s.run, func.count().label("sittings"), func.sum(s.seconds).label("seconds"), func.max(s.seq).label("last")
        )
        .group_by(s.run)
        .subquery()
    )
    own = [column for column in runs.c if column.name != "seq"]
    query = select(*own, sat.c.sittings, sat.c.seconds, last.c.began_at, last.c.process, last.c.machine)
    return query.join(sat, sat.c.run == runs.c.id).join(last, last.c.seq == sat.c.last).order_by(runs.c.seq)
