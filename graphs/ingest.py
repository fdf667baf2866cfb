"""Ingest: read the sources, then adapt to every new document, one after the other."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from typing import Any, Literal

from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, StateGraph

from agent.errors import SourceError, StoreError
from agent.ports import Failure, Ledger
from agent.records import Event
from agent.sources import read
from graphs.adapt import BUSY, adapt_graph
from graphs.runtime import Runtime
from graphs.state import IngestState

STEPS_A_DOCUMENT, MOST_DOCUMENTS = 20, 100_000
"""Upper bounds, for LangGraph's recursion limit."""

SHORTEST_DOCUMENT = 5
"""Words. Scripts that write no spaces are never called short."""


class IngestNodes:
    def __init__(self, runtime: Runtime) -> None:
        self.rt = runtime

    def read(self, state: IngestState) -> dict[str, Any]:
        """Read every source into the ledger. Exact duplicates of finished documents are skipped.

        Raises:
            SourceError: a source gave nothing at all, and so did all the others.
        """
        run, errors = state["run"], []
        for location in state["sources"]:
            with self.rt.tracer.step(run, "read") as span:
                span.subject = location
                try:
                    span.data = self._read(run, location)
                except SourceError as error:
                    errors.append(error)
                    span.status, span.message = "failed", f"{error.cause}. {error.mend}".strip()
        if errors and len(errors) == len(state["sources"]):
            raise errors[0]
        done = self.rt.ledger.outcomes(run)
        return {"queue": [d.id for d in self.rt.ledger.documents(run) if d.id not in done]}

    def _read(self, run: str, location: str) -> dict[str, Any]:
        config, ledger = self.rt.config, self.rt.ledger
        new = skipped = failed = 0
        for item in read(location, timeout=config.source.timeout, max_words=config.write.max_words):
            if isinstance(item, Failure):
                failed += 1
                message = f"{item.where}: {item.reason}"
                ledger.add_event(Event(run=run, step="read-item", subject=item.where, status="failed",
                                       message=message, at=time.time()))  # fmt: skip
                continue
            before = ledger.outcome(item.id)
            if before is not None and not before.startswith("failed"):
                skipped += 1
                ledger.add_event(Event(run=run, step="read-item", document=item.id, subject=item.title,
                                       status="skipped", message="known already", at=time.time()))  # fmt: skip
                continue
            ledger.add_document(item, run)
            if len(item.text.split()) < SHORTEST_DOCUMENT and item.text.isascii():
                ledger.finish_document(run, item.id, "too short to learn from")
            new += 1
        return {"new": new, "skipped": skipped, "failed": failed}

    def pick(self, state: IngestState) -> dict[str, Any]:
        """The next document of the queue."""
        queue = state["queue"]
        return {"document": queue[0], "queue": queue[1:]} if queue else {"document": ""}


def any_left(state: IngestState) -> Literal["adapt", "__end__"]:
    return "adapt" if state["document"] else "__end__"


def ingest_graph(runtime: Runtime) -> StateGraph[IngestState, Any, Any, Any]:
    nodes = IngestNodes(runtime)
    graph = StateGraph(IngestState)
    graph.add_node("read", nodes.read, retry_policy=BUSY)
    graph.add_node("pick", nodes.pick)
    graph.add_node("adapt", adapt_graph(runtime).compile())
    graph.add_edge(START, "read")
    graph.add_edge("read", "pick")
    graph.add_conditional_edges("pick", any_left)
    graph.add_edge("adapt", "pick")
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
        if resume and graph.get_state(config).next:
            fresh = None
        graph.invoke(fresh, config, durability="sync")


def sources_of(ledger: Ledger, run: str) -> list[str]:
    """The sources of an earlier run.

    Raises:
        StoreError: the ledger has no such run.
    """
    known = {r["run"]: r for r in ledger.runs()}
    if run not in known:
        newest = ", ".join(list(known)[-3:]) or "none"
        raise StoreError(f"the ledger has no run {run!r}", f"the latest runs are: {newest}")
    return list(known[run]["sources"])
