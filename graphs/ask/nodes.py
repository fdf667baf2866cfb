"""The nodes of the answer graph, and its state."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from agent.memory.routing import chosen
from agent.models.prompts import asked_prompt
from agent.ports import Query
from graphs.context import Context
from graphs.library.folders import routed_query


class AnswerState(TypedDict, total=False):
    question: str
    base_only: bool
    adapter: str
    """The id of the routed adapter; "" where the base answers."""
    title: str
    """The title of the routed adapter's document, also where only the base is to answer; "" where none is near."""
    considered: list[dict[str, Any]]
    """The nearest adapters with their cosine distance, nearest first."""
    answer: str
    base_answer: str


CONSIDERED = 5
"""Adapters whose distance is reported with an answer."""


def route(state: AnswerState, runtime: Runtime[Context]) -> dict[str, Any]:
    """The nearest document with a current adapter, where it is near enough, and who answers."""
    context = runtime.context
    adapters = context.ledger.current(context.config.model.name)
    ranked = context.router.route(state["question"], adapters, context.ledger.document)
    considered = [{"adapter": a.id, "title": a.title, "distance": d} for a, d in ranked[:CONSIDERED]]
    adapter = chosen(ranked, context.config.ask.max_distance)
    return {
        "adapter": adapter.id if adapter and not state.get("base_only") else "",
        "title": adapter.title if adapter else "",
        "considered": considered,
    }


def adapted(state: AnswerState, runtime: Runtime[Context]) -> dict[str, Any]:
    """The adapter's answer, and beside it what the base says to the same prompt."""
    context = runtime.context
    adapter = next(a for a in context.ledger.current(context.config.model.name) if a.id == state["adapter"])
    asked = routed_query(context.config, state["question"], adapter)
    answer, base = context.answerer.answer([asked, Query(asked.prompt)], context.config.ask.max_tokens)
    return {"answer": answer, "base_answer": base}


def base(state: AnswerState, runtime: Runtime[Context]) -> dict[str, Any]:
    """The base's answer: to what the routed adapter would have been asked, where only the base is to answer."""
    context = runtime.context
    query = Query(asked_prompt(state["question"], state["title"]))
    (answer,) = context.answerer.answer([query], context.config.ask.max_tokens)
    return {"answer": answer, "base_answer": answer}
