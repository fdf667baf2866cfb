"""The outer loop: practise, learn, prove on held-out documents, promote, again. All edges are in `improve_graph`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from langgraph.graph import END, START, StateGraph

from graphs.adapt.graph import (
    BUSY,
    anything_measured,
    anything_to_measure_with,
    anything_to_train,
    anything_trained,
    to_writers,
)
from graphs.improve.nodes import ImproveNodes
from graphs.improve.trial_nodes import HeldoutNodes, PracticeNodes, TrialNodes
from graphs.methods.choosers import Choosers
from graphs.methods.learners import learner_of
from graphs.methods.practice import Practice
from graphs.runtime import Runtime
from graphs.state import AdaptState, ImproveState


def trial_graph(nodes: TrialNodes, rewarded: bool) -> StateGraph[AdaptState, Any, Any, Any]:
    """One document from probes to measured candidates, with or without a reward. Nothing is selected or published."""
    graph = StateGraph(AdaptState)
    more = ("screen", "reward") if rewarded else ()
    for name in ("probe", "plan", "write", "check", "train", "evaluate", "close", *more):
        graph.add_node(name, getattr(nodes, name), retry_policy=BUSY)
    graph.add_edge(START, "probe")
    graph.add_conditional_edges("probe", anything_to_measure_with, {"recall": "plan", "close": "close"})
    graph.add_conditional_edges("plan", to_writers, ["write", "close"])
    graph.add_edge("write", "check")
    graph.add_conditional_edges(
        "check", anything_to_train, {"train": "screen" if rewarded else "train", "close": "close"}
    )
    graph.add_conditional_edges("train", anything_trained)
    if rewarded:
        graph.add_edge("screen", "train")
        graph.add_conditional_edges("evaluate", anything_measured)
        graph.add_edge("reward", "close")
    else:
        graph.add_edge("evaluate", "close")
    graph.add_edge("close", END)
    return graph


def goes_on(state: ImproveState) -> Literal["next", "end"]:
    return "end" if state["stop"] else "next"


def picked(state: ImproveState) -> Literal["document", "none", "end"]:
    if state["stop"]:
        return "end"
    return "document" if state["document"] else "none"


def compared(runtime: Runtime) -> Callable[[str], Choosers]:
    return lambda heldout: learner_of(runtime, heldout).choosers(heldout)


def improve_graph(runtime: Runtime) -> StateGraph[ImproveState, Any, Any, Any]:
    practice = Practice(runtime)
    nodes = ImproveNodes(runtime, practice)
    graph = StateGraph(ImproveState)
    for name in ("gather", "open", "learn", "judge"):
        graph.add_node(name, getattr(nodes, name), retry_policy=BUSY)
    graph.add_node("pick_practice", nodes.pick, retry_policy=BUSY)
    graph.add_node("pick_heldout", nodes.pick, retry_policy=BUSY)
    graph.add_node("practise", trial_graph(PracticeNodes(runtime, practice), rewarded=True).compile())
    graph.add_node("test", trial_graph(HeldoutNodes(runtime, compared(runtime)), rewarded=False).compile())
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
