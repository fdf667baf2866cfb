"""Suites that a person asks for: what adapters of the library do to fixed questions and texts, beside the base."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from agent.errors import UnknownName
from agent.records import BASE, Adapter, Figure, Record
from graphs.context import Context
from graphs.library.folders import adapter_folder
from graphs.measure.subjects import drift_meter, retention_meter

Suite = Literal["retention", "drift"]
SUITES: tuple[Suite, ...] = get_args(Suite)


class Measured(Record):
    """One subject's figures by name. `title` is of the adapter's document, "" for the base."""

    subject: str
    title: str
    figures: dict[str, Figure]


def chosen(context: Context, name: str | None) -> list[Adapter]:
    """The current adapters of the base model, or the one of all ever published whose id begins so.

    Raises:
        UnknownName: none or several begin so.
    """
    ledger, base = context.ledger, context.config.model.name
    current = ledger.current(base)
    if name is None:
        return current
    ever = [ledger.adapter(version.added) for version in ledger.library() if version.added]
    found = {a.id: a for a in [*ever, *current] if a.base == base and a.id.startswith(name)}
    if len(found) != 1:
        which = f"begins with several: {', '.join(found)}" if found else "is none that was published for this base"
        raise UnknownName(f"adapter {name!r} {which}", "`seal adapters` lists them")
    return list(found.values())


def measure(context: Context, suite: Suite, adapters: Sequence[Adapter]) -> list[Measured]:
    """The bare base and then each adapter.

    Raises:
        AdapterError: an adapter cannot be read.
    """
    return (_retention if suite == "retention" else _drift)(context, adapters)


def _drift(context: Context, adapters: Sequence[Adapter]) -> list[Measured]:
    folders = {a.id: adapter_folder(context.config, a) for a in adapters}
    titles = {a.id: a.title for a in adapters}
    return [
        Measured(subject=drift.subject, title=titles.get(drift.subject, ""), figures=drift.figures())
        for drift in context.keep(drift_meter).measure({BASE: None, **folders})
    ]


def _retention(context: Context, adapters: Sequence[Adapter]) -> list[Measured]:
    """With an adapter forced on over the common questions, and over all as the router would send them to its document
    if there were no other."""
    from evals.meters.retention import items, questions
    from evals.statistics.intervals import share

    general, limit = items(), context.config.ask.max_distance
    common = sum(item.common for item in general)
    documents = [a.document for a in adapters]
    distances = context.router.distances(questions(), documents, context.ledger.document) if documents else []
    found = context.keep(retention_meter).measure({BASE: None}, "", [False] * len(general))
    for place, adapter in enumerate(adapters):
        folder = adapter_folder(context.config, adapter)
        routed = [row[place] <= limit for row in distances]
        found += context.keep(retention_meter).measure({adapter.id: folder}, adapter.title, routed)
    titles = {a.id: a.title for a in adapters}
    return [
        Measured(subject=one.subject, title=titles.get(one.subject, ""), figures={
            "forced": share(round(one.forced * common), common),
            "routed": share(round(one.routed * one.items), one.items),
            "reached": share(one.reached or 0, one.items),
        })
        for one in found
    ]  # fmt: skip
