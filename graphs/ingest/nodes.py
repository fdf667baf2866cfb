"""The nodes of the ingest graph: reading, picking, examining; and its state."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from agent.errors import SourceError
from agent.failures import storable, tried, words
from agent.ports import Failure
from agent.records import Document
from agent.redact import without_credentials
from agent.sources import read as read_source
from graphs.context import Context
from graphs.ingest.reading import Items
from graphs.library.winners import follow
from graphs.measure.examine import examine as ask_all
from graphs.queue import Queue


class IngestState(TypedDict, total=False):
    run: str
    sources: list[str]
    document: str
    """The one in hand; "" before the first and after the last one (see `graphs.queue`)."""


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
        if (
            storable(without_credentials(location)) in whole
        ):  # a run that goes on: what is new since then is the next one's
            continue
        with context.tracer.step(run, "read") as span:
            span.subject = without_credentials(location)
            try:
                span.data = _read(context, items, location)
            except SourceError as error:
                errors.append(error)
                span.failed(error)
    if errors and len(errors) == len(state["sources"]):
        mends = dict.fromkeys(error.mend for error in errors if error.mend)
        raise SourceError("\n".join(error.cause for error in errors), "; ".join(mends))
    if context.keep(Queue).fill(run):  # a process that was killed, or an older seal, may have left them behind
        follow(context)
    return {"sources": []}  # they are read, and no checkpoint has to hold them any longer


def _read(context: Context, items: Items, location: str) -> dict[str, int]:
    config = context.config
    told: Counter[str] = Counter()
    for item in read_source(location, timeout=config.source.timeout, max_words=config.write.max_words):
        told[_take(items, item)] += 1
    again = {"again": told["again"]} if told["again"] else {}
    return {"new": told["new"], **again, "skipped": told["skipped"], "failed": told["failed"]}


def _take(items: Items, item: Document | Failure) -> str:
    """What became of an item. One that the ledger does not take is a failed one."""
    if isinstance(item, Failure):
        return items.failed(item)
    where = item.source or item.title
    return tried(lambda: items.document(item), lambda error: items.failed(Failure(where, words(error))), where)


def pick(state: IngestState, runtime: Runtime[Context]) -> dict[str, Any]:
    """The document that comes after the one in hand."""
    return {"document": runtime.context.keep(Queue).after(state["run"], state.get("document", ""))}


def examine(state: IngestState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Ask the questions of all documents of the run through the router, over the library as it is now.

    Where that raises what nobody foresaw, they are asked document by document: one must not cost all others their
    figures, nor stop a run that has learned everything.
    """
    context, run = runtime.context, state["run"]
    with context.tracer.step(run, "examine") as span:
        span.model = context.config.model.name
        span.data = tried(lambda: ask_all(context, run), lambda _: _ask_each(context, run), f"run {run}")
        if span.data["unreadable"]:
            span.message = f"answered by the base instead: {'; '.join(span.data['unreadable'])}"
    return {}


def _ask_each(context: Context, run: str) -> dict[str, Any]:
    """The same, one document after the other; one that cannot be asked is told and left out."""

    def ask(document: Document) -> list[str]:
        with context.tracer.step(run, "examine", document.id) as span:
            span.subject = document.title
            span.data = ask_all(context, run, [document.id])
        return [document.id]

    documents = context.ledger.documents(run)
    asked = [tried(partial(ask, d), lambda _: list[str](), f"document {d.id}") for d in documents]
    return ask_all(context, run, [id for one in asked for id in one])
