"""Answer: route a question to the adapter of the document that it is about, or to the base."""

from __future__ import annotations

from typing import Any

from langgraph.graph import END, START, StateGraph

from graphs.adapt.graph import either
from graphs.ask import nodes
from graphs.ask.nodes import AnswerState
from graphs.context import Context


def answer_graph() -> StateGraph[AnswerState, Context, Any, Any]:
    graph = StateGraph(AnswerState, context_schema=Context)
    graph.add_node("route", nodes.route)
    graph.add_node("adapted", nodes.adapted)
    graph.add_node("base", nodes.base)
    graph.add_edge(START, "route")
    graph.add_conditional_edges("route", *either("adapter", "adapted", "base"))
    graph.add_edge("adapted", END)
    graph.add_edge("base", END)
    return graph
