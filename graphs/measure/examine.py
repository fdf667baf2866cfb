"""Examine: ask a run's questions as a person asks them, through the router over the whole current library.

The figures of a run come from these answers. A score asks a question with the right adapter on; here the router
may choose another document's adapter, or leave the question to the base.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from agent.errors import AdapterError
from agent.memory.routing import chosen
from agent.ports import Judge, Query
from agent.ports.ledger import Ledger
from agent.records import Adapter, Probe, ProbeSet, RoutedAnswer, RoutedTo
from evals.probes.scoring import MAX_TOKENS, grade
from graphs.context import Context
from graphs.library.folders import adapter_folder, routed_query
from graphs.measure.evidence import probes_of


def examine(context: Context, run: str, only: Sequence[str] | None = None) -> dict[str, Any]:
    """Ask every knowledge probe that the base was measured on and that was not asked of this library version yet, of
    the run's documents, or of some of them.

    Asked is the model in this process, also where `[ask] endpoint` names a server: that has the same adapters,
    and one that is down must not stop a run which has learned everything. Without questions no model is loaded.
    An adapter that cannot be read leaves its questions to the base, for the same reason.
    Returns how many there are over this version and how many of them came with the documents, how many each of
    "own", "other" and "base" answered, how many of the answers are right, and why adapters could not be read.
    """
    ledger = context.ledger
    documents = [d.id for d in ledger.documents(run)] if only is None else only
    probes = ProbeSet.of(p for d in documents for p in probes_of(ledger, run, d).knowledge)
    version, adapters = _library(ledger, context.config.model.name)
    found = [a for d in documents for a in ledger.routed_answers(run, d) if a.library == version]
    known = {a.probe for a in found}
    missing = [p for p in probes if p.id not in known]
    unreadable: list[str] = []
    if missing:
        fresh, unreadable = _answers(context, missing, adapters, version)
        ledger.add_routed_answers(run, fresh)
        found += fresh
    by = Counter(a.routed_to for a in found)
    came = {p.id for p in probes.given}
    right = sum(a.correct > 0 for a in found)
    return {"questions": len(found), "given": sum(a.probe in came for a in found), "own": by["own"],
            "other": by["other"], "base": by["base"], "right": right, "library": version,
            "unreadable": unreadable}  # fmt: skip


def _library(ledger: Ledger, base: str) -> tuple[int, list[Adapter]]:
    """The current version and its adapters for a base. Read again where one was published or taken back meanwhile."""
    version = -1
    while version != (now := next((v.version for v in ledger.library() if v.current), 0)):
        version, adapters = now, ledger.current(base)
    return version, adapters


def _answers(
    context: Context, probes: Sequence[Probe], adapters: Sequence[Adapter], version: int
) -> tuple[list[RoutedAnswer], list[str]]:
    """All questions in one call, whoever the router sends them to; answers as long as those before.

    Where an adapter cannot be read, all are asked once more without it. Also returns why each was left out.
    """
    ranked = context.router.route_all([p.question for p in probes], adapters, context.ledger.document)
    routed = [chosen(row, context.config.ask.max_distance) for row in ranked]
    unreadable: list[str] = []
    while True:
        queries: list[Query] = [
            routed_query(context.config, p.question, adapter) for p, adapter in zip(probes, routed, strict=True)
        ]
        try:
            answers = context.model.answer(queries, MAX_TOKENS)
            break
        except AdapterError as error:
            unreadable.append(error.cause)
            routed = [None if a and adapter_folder(context.config, a) == error.folder else a for a in routed]
    marked = [
        _marked(probe, adapter, answer, version, context.judge)
        for probe, adapter, answer in zip(probes, routed, answers, strict=True)
    ]
    return marked, unreadable


def _marked(probe: Probe, adapter: Adapter | None, answer: str, version: int, judge: Judge | None) -> RoutedAnswer:
    method, correct = grade(probe, answer, judge)
    routed_to: RoutedTo = "base"
    if adapter:
        routed_to = "own" if adapter.document == probe.document else "other"
    return RoutedAnswer(
        probe=probe.id, library=version, adapter=adapter.id if adapter else "", routed_to=routed_to,
        answer=answer, correct=float(correct), method=method,
    )  # fmt: skip
