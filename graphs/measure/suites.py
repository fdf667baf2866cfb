"""Suites that a person asks for: what adapters of the library do to fixed questions and texts, beside the base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from agent.errors import UnknownName
from agent.records import BASE, Adapter
from agent.records.drift import Figure
from graphs.ask.graph import folder_of
from graphs.runtime import Runtime

Suite = Literal["retention", "drift"]
SUITES: tuple[Suite, ...] = get_args(Suite)


@dataclass(frozen=True)
class Measured:
    """One subject's figures by name. `title` is of the adapter's document, "" for the base."""

    subject: str
    title: str
    figures: dict[str, Figure]


def chosen(runtime: Runtime, name: str | None) -> list[Adapter]:
    """The current adapters of the base model, or the one of all ever published whose id begins so.

    Raises:
        UnknownName: none or several begin so.
    """
    ledger, base = runtime.ledger, runtime.config.model.name
    current = ledger.current(base)
    if name is None:
        return current
    ever = [ledger.adapter(version.added) for version in ledger.library() if version.added]
    found = {a.id: a for a in [*ever, *current] if a.base == base and a.id.startswith(name)}
    if len(found) != 1:
        which = f"begins with several: {', '.join(found)}" if found else "is none that was published for this base"
        raise UnknownName(f"adapter {name!r} {which}", "`seal adapters` lists them")
    return list(found.values())


def measure(runtime: Runtime, suite: Suite, adapters: Sequence[Adapter]) -> list[Measured]:
    """The bare base and then each adapter.

    Raises:
        AdapterError: an adapter cannot be read.
    """
    return (_retention if suite == "retention" else _drift)(runtime, adapters)


def _drift(runtime: Runtime, adapters: Sequence[Adapter]) -> list[Measured]:
    folders = {a.id: folder_of(a, runtime.config.adapters_dir) for a in adapters}
    titles = {a.id: a.title for a in adapters}
    return [
        Measured(drift.subject, titles.get(drift.subject, ""), drift.figures())
        for drift in runtime.drift.measure({BASE: None, **folders})
    ]


def _retention(runtime: Runtime, adapters: Sequence[Adapter]) -> list[Measured]:
    """With an adapter forced on over the common questions, and over all as the router would send them to its document
    if there were no other."""
    from evals.meters.retention import items, questions
    from evals.statistics.intervals import share

    general, limit = items(), runtime.config.ask.max_distance
    common = sum(item.common for item in general)
    documents = [a.document for a in adapters]
    distances = runtime.router.distances(questions(), documents, runtime.ledger.document) if documents else []
    found = runtime.retention.measure({BASE: None}, "", [False] * len(general))
    for place, adapter in enumerate(adapters):
        folder = folder_of(adapter, runtime.config.adapters_dir)
        found += runtime.retention.measure({adapter.id: folder}, adapter.title, [d[place] <= limit for d in distances])
    titles = {a.id: a.title for a in adapters}
    return [
        Measured(one.subject, titles.get(one.subject, ""), {
            "forced": share(round(one.forced * common), common),
            "routed": share(round(one.routed * one.items), one.items),
            "reached": share(one.reached or 0, one.items),
        })
        for one in found
    ]  # fmt: skip
