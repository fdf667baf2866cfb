"""The outer loop: practise, learn, prove on held-out documents, promote, again. All edges are in `improve_graph`."""

from __future__ import annotations

from typing import Any, Literal

from langgraph.graph import END, START, StateGraph

from graphs.adapt.graph import BUSY
from graphs.context import Context
from graphs.improve import nodes
from graphs.improve.nodes import ImproveState
from graphs.improve.practising import practice_graph
from graphs.improve.testing import test_graph


def goes_on(state: ImproveState) -> Literal["next", "end"]:
    return "end" if state["stop"] else "next"


def picked(state: ImproveState) -> Literal["document", "none", "end"]:
    if state["stop"]:
        return "end"
    return "document" if state["document"] else "none"


def improve_graph() -> StateGraph[ImproveState, Context, Any, Any]:
    graph = StateGraph(ImproveState, context_schema=Context)
    graph.add_node("gather", nodes.gather, retry_policy=BUSY)
    graph.add_node("open", nodes.open, retry_policy=BUSY)
    graph.add_node("learn", nodes.learn, retry_policy=BUSY)
    graph.add_node("judge", nodes.judge, retry_policy=BUSY)
    graph.add_node("pick_practice", nodes.pick, retry_policy=BUSY)
    graph.add_node("pick_heldout", nodes.pick, retry_policy=BUSY)
    graph.add_node("practise", practice_graph().compile())
    graph.add_node("test", test_graph(nodes.choosers_of).compile())
    graph.add_edge(START, "gather")
    graph.add_edge("gather", "open")
    graph.add_conditional_edges("open", goes_on, {"next": "pick_practice", "end": END})
    graph.add_conditional_edges("pick_practice", picked, {"document": "practise", "none": "learn", "end": END})
    graph.add_edge("practise", "pick_practice")
    graph.add_edge("learn", "pick_heldout")
    graph.add_conditional_edges("pick_heldout", picked, {"document": "test", "none": "judge", "end": END})
    graph.add_edge("test", "pick_heldout")
    graph.add_edge("judge", "open")
    return graph
