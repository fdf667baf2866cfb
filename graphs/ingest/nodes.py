"""The nodes of the ingest graph: reading, picking, examining; and its state."""

from __future__ import annotations

from collections import Counter
from typing import Any

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from agent.errors import SourceError
from agent.ports import Failure
from agent.redact import without_credentials
from agent.sources import read as read_source
from graphs.context import Context
from graphs.ingest.reading import Items
from graphs.library.winners import follow
from graphs.measure.examine import examine as ask_all


class IngestState(TypedDict, total=False):
    run: str
    sources: list[str]
    queue: list[str]
    """Ids of the documents that are still to do."""
    document: str
    """The one in hand; "" where the queue is empty."""


def read(state: IngestState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Read every source into the ledger. Exact duplicates of what this base has finished are skipped.

    Raises:
        SourceError: a source gave nothing at all, and so did all the others.
    """
    context, run, errors = runtime.context, state["run"], list[SourceError]()
    ledger = context.ledger
    if all(known.id != run for known in ledger.runs()):  # the graph was not started by `seal ingest`
        context.start_run(run, "ingest", state["sources"])
    items = Items(context, run)
    whole = {e.subject for e in ledger.events(run) if e.step == "read" and e.status == "ok"}
    for location in state["sources"]:
        if without_credentials(location) in whole:  # a run that goes on: what is new since then is the next one's
            continue
        with context.tracer.step(run, "read") as span:
            span.subject = without_credentials(location)
            try:
                span.data = _read(context, items, location)
            except SourceError as error:
                errors.append(error)
                span.status, span.message = "failed", f"{error.cause}. {error.mend}".strip()
    if errors and len(errors) == len(state["sources"]):
        mends = dict.fromkeys(error.mend for error in errors if error.mend)
        raise SourceError("\n".join(error.cause for error in errors), "; ".join(mends))
    done = ledger.outcomes(run)
    queue = [d.id for d in ledger.documents(run) if d.id not in done]
    if queue:  # a process that was killed, or an older seal, may have left them behind the ledger
        follow(context)
    return {"queue": queue}


def _read(context: Context, items: Items, location: str) -> dict[str, int]:
    config = context.config
    told: Counter[str] = Counter()
    for item in read_source(location, timeout=config.source.timeout, max_words=config.write.max_words):
        told[items.failed(item) if isinstance(item, Failure) else items.document(item)] += 1
    again = {"again": told["again"]} if told["again"] else {}
    return {"new": told["new"], **again, "skipped": told["skipped"], "failed": told["failed"]}


def pick(state: IngestState) -> dict[str, Any]:
    """The next document of the queue."""
    queue = state["queue"]
    return {"document": queue[0], "queue": queue[1:]} if queue else {"document": ""}


def examine(state: IngestState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Ask the questions of all documents of the run through the router, over the library as it is now."""
    context, run = runtime.context, state["run"]
    with context.tracer.step(run, "examine") as span:
        span.model, span.data = context.config.model.name, ask_all(context, run)
        if span.data["unreadable"]:
            span.message = f"answered by the base instead: {'; '.join(span.data['unreadable'])}"
    return {}
