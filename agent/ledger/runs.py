"""The part of the ledger about runs, the documents that they read, and the trace of events."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Subquery, func, insert, select, update

from agent.errors import StoreError, UnknownName
from agent.ledger.store import Store, insert_new, row
from agent.ledger.tables import documents, events, run_documents, runs, scores, sittings
from agent.records import Document, Event


class Runs(Store):
    """Runs, documents and events."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._sitting: dict[str, tuple[int, float]] = {}
        """The runs that this process works on: the sitting's row, and when it began on a clock that only goes on."""

    def start_run(self, run: str, kind: str, config: dict[str, Any], sources: Sequence[str]) -> None:
        """Write the run down as running, with a sitting of this process, whose seconds go up with every event of the
        run. A run that is started again keeps its first config and sources.

        Where it had not measured anything yet, nor begun a run of its own (RUN.1.practice), nothing hangs on its first
        config, and the new one takes its place: a run that could not begin, for a model that is not there, is not
        bound to what stopped it.

        Raises:
            StoreError: the database cannot be written.
        """
        first = {"id": run, "kind": kind, "status": "running", "config": config, "sources": list(sources)}
        with self._write() as connection:
            if not insert_new(connection, runs, [{**first, "summary": {}, "started_at": time.time()}]):
                again = update(runs).where(runs.c.id == run)
                connection.execute(again.values(status="running", finished_at=None))
                measured = select(scores.c.seq).where(scores.c.run == run).exists()
                child = runs.alias("child")
                began = select(child.c.seq).where(child.c.id.startswith(f"{run}.", autoescape=True)).exists()
                connection.execute(again.where(~measured, ~began).values(config=config))
            self._sit_down(connection, run)

    def _sit_down(self, connection: Connection, run: str, ago: float = 0) -> None:
        """A sitting of the run that began so many seconds ago."""
        fresh = {
            "run": run, "process": os.getpid(), "machine": platform.node(), "began_at": time.time() - ago, "seconds": 0
        }  # fmt: skip
        seq = connection.execute(insert(sittings).values(**fresh).returning(sittings.c.seq)).scalar_one()
        self._sitting[run] = seq, time.perf_counter() - ago

    def _count_time(self, connection: Connection, run: str, took: float = 0) -> None:
        """A sitting that is killed has lasted until the last event, one that is finished until then.

        What a run does within another one (RUN.1.practice) is time of both. It may have been begun by a process that
        is gone, while this one goes on with the outer run: then it sits down with its first event, which `took` so
        many seconds.
        """
        outer = [other for other in self._sitting if run.startswith(f"{other}.")]
        if outer and run not in self._sitting:
            self._sit_down(connection, run, took)
        for one in (run, *outer):
            if one in self._sitting:
                seq, began = self._sitting[one]
                seconds = time.perf_counter() - began
                connection.execute(update(sittings).where(sittings.c.seq == seq).values(seconds=seconds))

    def change_config(self, run: str, config: dict[str, Any]) -> None:
        """Replace the run's recorded configuration, whatever was measured under it.

        Raises:
            StoreError: no such run, or the database cannot be written.
        """
        self._update_run(run, config=config)

    def finish_run(self, run: str, status: str, summary: dict[str, Any]) -> None:
        """Write down how the run ended. The last word stands.

        Raises:
            StoreError: no such run, or the database cannot be written.
        """
        self._update_run(run, status=status, summary=summary, finished_at=time.time())

    def _update_run(self, run: str, **values: Any) -> None:
        with self._write() as connection:
            self._count_time(connection, run)
            if not connection.execute(update(runs).where(runs.c.id == run).values(**values)).rowcount:
                raise StoreError(f"the ledger holds no run {run}")

    def runs(self) -> list[dict[str, Any]]:
        """Every run in the order of their first start.

        Keys: run, kind, status, config, sources, summary, started_at, finished_at (None while it runs); sittings,
        how many there were, and seconds, of all of them together; began_at, process and machine of the last one.
        """
        sat, last = _sat(), sittings.alias("last")
        query = select(
            runs.c.id.label("run"), runs.c.kind, runs.c.status, runs.c.config, runs.c.sources, runs.c.summary,
            runs.c.started_at, runs.c.finished_at, sat.c.sittings, sat.c.seconds,
            last.c.began_at, last.c.process, last.c.machine,
        ).join(sat, sat.c.run == runs.c.id).join(last, last.c.seq == sat.c.last).order_by(runs.c.seq)  # fmt: skip
        with self._read() as connection:
            return [dict(found) for found in connection.execute(query).mappings()]

    def run(self, run: str) -> dict[str, Any]:
        """One of `runs`.

        Raises:
            StoreError: the ledger has no such run.
        """
        known = {r["run"]: r for r in self.runs()}
        if run not in known:
            newest = ", ".join(list(known)[-3:])
            mend = (
                f"the latest runs are: {newest}"
                if known
                else "there is none yet; start one with `seal ingest` or `seal improve`"
            )
            raise UnknownName(f"the ledger has no run {run!r}", mend)
        return known[run]

    def add_document(self, document: Document, run: str) -> bool:
        """Keep the document and note that the run read it. True where no run had read it before.

        One that is there already stays as it is, but for questions that it did not have: these are added.
        """
        with self._write() as connection:
            new = insert_new(connection, documents, [row(documents, document)])
            if not new and document.questions:
                whole = self.document(document.id).with_questions(document.questions)
                this = update(documents).where(documents.c.id == document.id)
                connection.execute(this.values(record=whole))
            insert_new(connection, run_documents, [{"run": run, "document": document.id}])
        return bool(new)

    def document(self, id: str) -> Document:
        """Raises StoreError where there is no such document."""
        return self._get(Document, documents, id)

    def documents(self, run: str | None = None) -> list[Document]:
        """All documents, or those that one run read, in the order in which they came."""
        if run is None:
            return self._find(Document, documents)
        read = select(documents.c.record).join(run_documents, run_documents.c.document == documents.c.id)
        return self._query(Document, read.where(run_documents.c.run == run).order_by(run_documents.c.seq))

    def finish_document(self, run: str, id: str, outcome: str, base: str) -> None:
        """Write down what came of a document in a run with this base. The last word stands."""
        last = {"outcome": outcome, "base": base, "finished_at": time.time()}
        this = (run_documents.c.run == run) & (run_documents.c.document == id)
        with self._write() as connection:
            insert_new(connection, run_documents, [{"run": run, "document": id}])
            connection.execute(update(run_documents).where(this).values(**last))

    def outcome(self, id: str, base: str, after: str = "") -> str | None:
        """What came of a document with this base, in the run that finished it last; None where none did.

        With `after`, a run that read it: only in runs that read it later than that.
        """
        done = (run_documents.c.document == id) & (run_documents.c.base == base) & run_documents.c.outcome.is_not(None)
        if after:
            own = (run_documents.c.run == after) & (run_documents.c.document == id)
            done &= run_documents.c.seq > select(run_documents.c.seq).where(own).scalar_subquery()
        query = select(run_documents.c.outcome).where(done)
        last = query.order_by(run_documents.c.finished_at.desc(), run_documents.c.seq.desc()).limit(1)
        with self._read() as connection:
            return connection.execute(last).scalar()

    def outcomes(self, run: str) -> dict[str, str]:
        """What came of each document that the run finished, by document."""
        done = (run_documents.c.run == run) & run_documents.c.outcome.is_not(None)
        query = select(run_documents.c.document, run_documents.c.outcome).where(done).order_by(run_documents.c.seq)
        with self._read() as connection:
            return {str(document): str(outcome) for document, outcome in connection.execute(query)}

    def add_event(self, event: Event) -> None:
        """Append a line to the trace. Events have no id: each call adds one."""
        with self._write() as connection:
            self._count_time(connection, event.run, event.seconds)
            insert_new(connection, events, [row(events, event)])

    def events(self, run: str) -> list[Event]:
        """The run's events, in the order in which they were added."""
        return self._find(Event, events, run=run)


def _sat() -> Subquery:
    """One row a run: its sittings counted, their seconds added up, and the row of the last one."""
    s = sittings.c
    counted = select(
        s.run, func.count().label("sittings"), func.sum(s.seconds).label("seconds"), func.max(s.seq).label("last")
    )
    return counted.group_by(s.run).subquery()
