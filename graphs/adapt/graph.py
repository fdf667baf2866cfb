"""Adapt: one document from probes to a published adapter. The edges below are all the routing there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.types import RetryPolicy, Send

from agent.errors import StoreError
from graphs.adapt import nodes
from graphs.adapt.state import AdaptState
from graphs.context import Context
from graphs.methods.planner import plan_as_configured

BUSY = RetryPolicy(max_attempts=3, retry_on=StoreError)
"""A ledger or memory that is busy with another process is tried again. Endpoints have their own retries."""


def either(key: str, then: str, otherwise: str = "close") -> tuple[Callable[[Any], str], list[str]]:
    """A conditional edge: to `then` where the state has something under the key, else to `otherwise`."""

    def choose(state: Any) -> str:
        return then if state[key] else otherwise

    return choose, [then, otherwise]


def to_writers(state: AdaptState) -> list[Send] | Literal["close"]:
    """One writer per plan, side by side."""
    if not state["plans"]:
        return "close"
    return [Send("write", {"run": state["run"], "document": state["document"], "plan": p}) for p in state["plans"]]


def passed_gate(state: AdaptState) -> Literal["publish", "close"]:
    return "publish" if state["verdict"] == "publish" else "close"


def adapt_graph() -> StateGraph[AdaptState, Context, Any, Any]:
    steps: dict[str, Any] = {
        "probe": nodes.probe, "recall": nodes.recall, "plan": nodes.plan_by(plan_as_configured), "write": nodes.write,
        "check": nodes.check_for(nodes.train_once), "train": nodes.train,
        "evaluate": nodes.evaluate_on(lambda probes: probes.asked_in_practice), "reward": nodes.reward,
        "select": nodes.select, "merge": nodes.merge, "gate": nodes.gate, "publish": nodes.publish,
        "close": nodes.close,
    }  # fmt: skip
    graph = StateGraph(AdaptState, context_schema=Context)
    for name, node in steps.items():
        graph.add_node(name, node, retry_policy=BUSY)
    graph.add_edge(START, "probe")
    graph.add_conditional_edges("probe", *either("measurable", "recall"))
    graph.add_edge("recall", "plan")
    graph.add_conditional_edges("plan", to_writers, ["write", "close"])
    graph.add_edge("write", "check")
    graph.add_conditional_edges("check", *either("candidates", "train"))
    graph.add_conditional_edges("train", *either("candidates", "evaluate"))
    graph.add_conditional_edges("evaluate", *either("candidates", "reward"))
    graph.add_edge("reward", "select")
    graph.add_conditional_edges("select", *either("champion", "merge"))
    graph.add_edge("merge", "gate")
    graph.add_conditional_edges("gate", passed_gate)
    graph.add_edge("publish", "close")
    graph.add_edge("close", END)
    return graph
