"""Ingest: read the sources, adapt to every new document, one after the other, then ask everything as people do."""

from __future__ import annotations

import shutil
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph

from agent.errors import SourceError, StoreError
from agent.ports import Failure, Ledger
from agent.records import Document, Event
from agent.redact import without_credentials
from agent.sources import read
from agent.sources.text import count_words
from graphs.adapt import BUSY, adapt_graph
from graphs.examine import examine
from graphs.runtime import Runtime
from graphs.state import IngestState
from graphs.winners import follow

STEPS_A_DOCUMENT, MOST_DOCUMENTS = 20, 100_000
"""Upper bounds, for LangGraph's recursion limit."""

SHORTEST_DOCUMENT = 5
"""Words, as `count_words` counts them."""

INGEST, AGAIN = "ingest", "ingest --again"
"""The kinds of runs. The second also learns what no adapter answers for: taken back, or never published."""

KNOWN, TWICE = "known already", "stands in the sources twice"
PUBLISHED = ("published", KNOWN)
"""Outcomes after which an adapter answers, unless it was taken back."""


def _finished(outcome: str | None) -> bool:
    return outcome is not None and not outcome.startswith("failed")


class Items:
    """What a run reads, one item at a time, written to the ledger. Each method says what became of the item."""

    def __init__(self, ledger: Ledger, run: str, base: str) -> None:
        self.ledger, self.run, self.base = ledger, run, base
        self.again = _kind(ledger, run) == AGAIN
        self.answered = {adapter.document for adapter in ledger.current(base)}
        self.elsewhere = unfinished(ledger, besides=run, base=base)
        self.before = {document.id for document in ledger.documents(run)}
        self.seen: set[str] = set()
        self.taken: set[str] = set()
        """What this process has added to the run."""

    def failed(self, item: Failure) -> str:
        return self._tell("failed", f"{item.where}: {item.reason}", subject=item.where)

    def document(self, item: Document) -> str:
        """A document that another run left unfinished stays that run's, so that it is in the data set once."""
        if item.id in self.taken:
            self.ledger.add_document(item, self.run)  # its questions may stand here only
        if item.id in self.taken or (item.id in self.seen and not self._new_questions(item)):
            return self._tell("skipped", TWICE, document=item.id, subject=item.title)
        self.seen.add(item.id)
        if item.id in self.before:  # the run was cut off while it read, and reads again
            return "known"
        outcome = self.ledger.outcome(item.id, self.base)
        if _finished(outcome) and not self._anew(item, outcome):
            return self._tell("skipped", KNOWN, document=item.id, subject=item.title)
        if item.id in self.elsewhere:
            other = self.elsewhere[item.id]
            why = f"run {other} was cut off before it had learned this; go on with: seal ingest --resume {other}"
            return self._tell("skipped", why, document=item.id, subject=item.title)
        questions = self._new_questions(item) if _finished(outcome) else 0
        self.taken.add(item.id)
        with self.ledger.transaction():  # read and closed at once: a run that goes on learns what is open
            self.ledger.add_document(item, self.run)
            if count_words(item.text) < SHORTEST_DOCUMENT:
                self.ledger.finish_document(self.run, item.id, "too short to learn from", self.base)
            if questions:
                came = f"{questions} questions came that were not there when it was learned"
                self._tell("ok", f"{came}: it is learned again with them", document=item.id, subject=item.title)
        return "again" if _finished(outcome) else "new"

    def _anew(self, item: Document, outcome: str | None) -> bool:
        """Whether a document that this base has finished is to be learned again.

        Not by itself where it was taken back: that may have been for what it says.
        """
        if item.id in self.answered:
            return bool(self._new_questions(item))
        return self.again or (outcome not in PUBLISHED and bool(self._new_questions(item)))

    def _new_questions(self, item: Document) -> int:
        """How many questions it comes with that the ledger's document does not have."""
        known = self.ledger.document(item.id)
        return len(known.with_questions(item.questions).questions) - len(known.questions)

    def _tell(self, status: Literal["ok", "failed", "skipped"], message: str, **about: str) -> str:
        event = Event(run=self.run, step="read-item", status=status, message=message, at=time.time(), **about)
        self.ledger.add_event(event)
        return status


class IngestNodes:
    def __init__(self, runtime: Runtime) -> None:
        self.rt = runtime

    def read(self, state: IngestState) -> dict[str, Any]:
        """Read every source into the ledger. Exact duplicates of what this base has finished are skipped.

        Raises:
            SourceError: a source gave nothing at all, and so did all the others.
        """
        run, errors = state["run"], []
        if not _kind(self.rt.ledger, run):  # the graph was not started by `seal ingest`
            shown = [without_credentials(source) for source in state["sources"]]
            self.rt.ledger.start_run(run, INGEST, self.rt.config.recorded(), shown)
        items = Items(self.rt.ledger, run, self.rt.config.model.name)
        whole = {e.subject for e in self.rt.ledger.events(run) if e.step == "read" and e.status == "ok"}
        for location in state["sources"]:
            if without_credentials(location) in whole:  # a run that goes on: what is new since then is the next one's
                continue
            with self.rt.tracer.step(run, "read") as span:
                span.subject = without_credentials(location)
                try:
                    span.data = self._read(items, location)
                except SourceError as error:
                    errors.append(error)
                    span.status, span.message = "failed", f"{error.cause}. {error.mend}".strip()
        if errors and len(errors) == len(state["sources"]):
            raise errors[0]
        done = self.rt.ledger.outcomes(run)
        queue = [d.id for d in self.rt.ledger.documents(run) if d.id not in done]
        if queue:  # a process that was killed, or an older seal, may have left them behind the ledger
            follow(self.rt)
        return {"queue": queue}

    def _read(self, items: Items, location: str) -> dict[str, int]:
        config = self.rt.config
        told: Counter[str] = Counter()
        for item in read(location, timeout=config.source.timeout, max_words=config.write.max_words):
            told[items.failed(item) if isinstance(item, Failure) else items.document(item)] += 1
        again = {"again": told["again"]} if told["again"] else {}
        return {"new": told["new"], **again, "skipped": told["skipped"], "failed": told["failed"]}

    def pick(self, state: IngestState) -> dict[str, Any]:
        """The next document of the queue."""
        queue = state["queue"]
        return {"document": queue[0], "queue": queue[1:]} if queue else {"document": ""}

    def examine(self, state: IngestState) -> dict[str, Any]:
        """Ask the questions of all documents of the run through the router, over the library as it is now."""
        run = state["run"]
        with self.rt.tracer.step(run, "examine") as span:
            span.model, span.data = self.rt.config.model.name, examine(self.rt, run)
            if span.data["unreadable"]:
                span.message = f"answered by the base instead: {'; '.join(span.data['unreadable'])}"
        return {}


def any_left(state: IngestState) -> Literal["adapt", "examine"]:
    return "adapt" if state["document"] else "examine"


def ingest_graph(runtime: Runtime) -> StateGraph[IngestState, Any, Any, Any]:
    nodes = IngestNodes(runtime)
    graph = StateGraph(IngestState)
    graph.add_node("read", nodes.read, retry_policy=BUSY)
    graph.add_node("pick", nodes.pick)
    graph.add_node("adapt", adapt_graph(runtime).compile())
    graph.add_edge(START, "read")
    graph.add_edge("read", "pick")
    graph.add_conditional_edges("pick", any_left)
    graph.add_node("examine", nodes.examine, retry_policy=BUSY)
    graph.add_edge("adapt", "pick")
    graph.add_edge("examine", END)
    return graph


def new_run() -> str:
    """A run's name: the minute it began, and four random digits so that two never meet."""
    return time.strftime("%Y%m%d-%H%M-") + uuid.uuid4().hex[:4]


def ingest(runtime: Runtime, sources: Sequence[str], run: str, resume: bool = False) -> None:
    """Run the graph to its end. A run that was cut off goes on at the step it was in.

    The checkpoint says where the run was; where it was lost, the ledger says which documents are left.

    Raises:
        SealError: what stopped the run, after it was written down as stopped.
    """
    with runtime.checkpoints() as saver:
        graph = ingest_graph(runtime).compile(checkpointer=saver)
        limit = STEPS_A_DOCUMENT * MOST_DOCUMENTS
        config: RunnableConfig = {"configurable": {"thread_id": run}, "recursion_limit": limit}
        fresh: IngestState | None = {"run": run, "sources": list(sources)}
        if resume:
            state = graph.get_state(config)
            known = _close_known(runtime, run)
            _sweep_closed(runtime, run)
            if state.next and not known and not _adapters_lost(runtime, run, state.values.get("document", "")):
                fresh = None
            else:
                saver.delete_thread(run)
        graph.invoke(fresh, config, durability="sync")


def _close_known(runtime: Runtime, run: str) -> bool:
    """Close the documents that another run has learned since this one read them. Whether there were any.

    What came of them before does not count: this run may be there to learn them again.
    """
    ledger, base = runtime.ledger, runtime.config.model.name
    done = ledger.outcomes(run)
    left = [d.id for d in ledger.documents(run) if d.id not in done]
    known = [id for id in left if _finished(ledger.outcome(id, base, after=run))]
    for id in known:
        ledger.finish_document(run, id, KNOWN, base)
    return bool(known)


def _sweep_closed(runtime: Runtime, run: str) -> None:
    """Delete the adapters of candidates of closed documents: a process that was killed may have left some."""
    for document in runtime.ledger.outcomes(run):
        for candidate in runtime.ledger.candidates(run, document):
            shutil.rmtree(runtime.config.work_dir / candidate.id, ignore_errors=True)


def _adapters_lost(runtime: Runtime, run: str, document: str) -> bool:
    """Whether the document in hand is to be judged by adapters that are not here, as on another machine."""
    ledger, work = runtime.ledger, runtime.config.work_dir
    if document in ledger.outcomes(run):  # its adapters are being swept
        return False
    trained = [c.id for c in ledger.candidates(run, document) if ledger.training(c.id)]
    return not all((work / candidate).is_dir() for candidate in trained)


def forget_checkpoints(runtime: Runtime, run: str) -> None:
    """Delete where a run was, when it has come to its end.

    Raises:
        StoreError: the checkpoints cannot be written.
    """
    with runtime.checkpoints() as saver:
        saver.delete_thread(run)


def sources_of(ledger: Ledger, run: str) -> list[str]:
    """The sources of an earlier run, without user names and passwords: these are not kept.

    Raises:
        StoreError: the ledger has no such run.
    """
    known = {r["run"]: r for r in ledger.runs()}
    if run not in known:
        newest = ", ".join(list(known)[-3:])
        mend = f"the latest runs are: {newest}" if known else "there is none yet; start with `seal ingest SOURCE`"
        raise StoreError(f"the ledger has no run {run!r}", mend)
    return list(known[run]["sources"])


def _kind(ledger: Ledger, run: str) -> str:
    """ "" where the ledger has no such run."""
    return next((str(r["kind"]) for r in ledger.runs() if r["run"] == run), "")


def _ingests(ledger: Ledger, base: str) -> list[dict[str, Any]]:
    """The ledger's ingest runs with a base, or all of them. A run that was started without a configuration has any."""
    runs = [r for r in ledger.runs() if r["kind"] in (INGEST, AGAIN)]
    return [r for r in runs if not base or r["config"].get("model", {}).get("name", base) == base]


def unfinished(ledger: Ledger, besides: str = "", base: str = "") -> dict[str, str]:
    """Documents that a run read and did not get to the end of, with that run's name.

    `besides` leaves one run out, `base` all those with another base.
    """
    found: dict[str, str] = {}
    for run in (r["run"] for r in _ingests(ledger, base) if r["status"] != "done"):
        if run != besides:
            done = ledger.outcomes(run)
            found |= {d.id: run for d in ledger.documents(run) if d.id not in done}
    return found


def cut_off(ledger: Ledger, sources: Sequence[str], base: str, kind: str = INGEST) -> str | None:
    """The latest run of this kind, of exactly these sources and with this base, that left documents unfinished, or
    its examination.

    To be asked when no other run is at work: what the ledger calls running then was killed.
    """
    shown = [without_credentials(source) for source in sources]
    same = [r for r in _ingests(ledger, base) if r["kind"] == kind and list(r["sources"]) == shown]
    left = [str(r["run"]) for r in same if r["status"] != "done" and ledger.documents(r["run"])]
    return left[-1] if left else None
