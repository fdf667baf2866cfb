"""Answer: route a question to the adapter of the document that it is about, or to the base."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from langgraph.graph import END, START, StateGraph

from agent.memory.routing import chosen
from agent.models.prompts import asked_prompt
from agent.ports import Query
from agent.records import Adapter
from graphs.runtime import Runtime
from graphs.state import AnswerState

CONSIDERED = 5
"""Adapters whose distance is reported with an answer."""


def folder_of(adapter: Adapter, library: Path) -> Path:
    """Where a published adapter is on this machine. The recorded path may be another machine's, or a moved home's."""
    own = library / adapter.id
    return own if own.is_dir() else Path(adapter.path)


def query_of(question: str, adapter: Adapter | None, library: Path) -> Query:
    """What the routed adapter is asked, or the base where there is none."""
    if adapter:
        return Query(asked_prompt(question, adapter.title), folder_of(adapter, library))
    return Query(asked_prompt(question))


class AnswerNodes:
    def __init__(self, runtime: Runtime) -> None:
        self.rt = runtime

    def route(self, state: AnswerState) -> dict[str, Any]:
        """The nearest document with a current adapter, where it is near enough, and who answers."""
        adapters = self.rt.ledger.current(self.rt.config.model.name)
        ranked = self.rt.router.route(state["question"], adapters, self.rt.ledger.document)
        considered = [{"adapter": a.id, "title": a.title, "distance": d} for a, d in ranked[:CONSIDERED]]
        adapter = chosen(ranked, self.rt.config.ask.max_distance)
        return {
            "adapter": adapter.id if adapter and not state.get("base_only") else "",
            "title": adapter.title if adapter else "",
            "considered": considered,
        }

    def adapted(self, state: AnswerState) -> dict[str, Any]:
        """The adapter's answer, and beside it what the base says to the same prompt."""
        adapter = next(a for a in self.rt.ledger.current(self.rt.config.model.name) if a.id == state["adapter"])
        asked = query_of(state["question"], adapter, self.rt.config.adapters_dir)
        queries = [asked, Query(asked.prompt)]
        answer, base = self.rt.answerer.answer(queries, self.rt.config.ask.max_tokens)
        return {"answer": answer, "base_answer": base}

    def base(self, state: AnswerState) -> dict[str, Any]:
        """The base's answer: to what the routed adapter would have been asked, where only the base is to answer."""
        query = Query(asked_prompt(state["question"], state["title"]))
        (answer,) = self.rt.answerer.answer([query], self.rt.config.ask.max_tokens)
        return {"answer": answer, "base_answer": answer}


def routed(state: AnswerState) -> Literal["adapted", "base"]:
    return "adapted" if state["adapter"] else "base"


def answer_graph(runtime: Runtime) -> StateGraph[AnswerState, Any, Any, Any]:
    nodes = AnswerNodes(runtime)
    graph = StateGraph(AnswerState)
    for name in ("route", "adapted", "base"):
        graph.add_node(name, getattr(nodes, name))
    graph.add_edge(START, "route")
    graph.add_conditional_edges("route", routed)
    graph.add_edge("adapted", END)
    graph.add_edge("base", END)
    return graph
