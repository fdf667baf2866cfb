"""Ingest: read the sources, adapt to every new document, one after the other, then ask everything as people do."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

from langgraph.graph import END, START, StateGraph

from agent.errors import SourceError
from agent.ports import Failure
from agent.redact import without_credentials
from agent.sources import read
from graphs.adapt.graph import BUSY, adapt_graph
from graphs.ingest.reading import Items
from graphs.library.winners import follow
from graphs.measure.examine import examine
from graphs.runs.unfinished import INGEST
from graphs.runtime import Runtime
from graphs.state import IngestState


class IngestNodes:
    def __init__(self, runtime: Runtime) -> None:
        self.rt = runtime

    def read(self, state: IngestState) -> dict[str, Any]:
        """Read every source into the ledger. Exact duplicates of what this base has finished are skipped.

        Raises:
            SourceError: a source gave nothing at all, and so did all the others.
        """
        run, errors = state["run"], list[SourceError]()
        if all(r["run"] != run for r in self.rt.ledger.runs()):  # the graph was not started by `seal ingest`
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
            mends = dict.fromkeys(error.mend for error in errors if error.mend)
            raise SourceError("\n".join(error.cause for error in errors), "; ".join(mends))
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
