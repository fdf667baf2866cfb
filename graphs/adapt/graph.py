"""Adapt: one document from probes to a published adapter. The edges below are all the routing there is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.types import RetryPolicy, Send

from agent.errors import StoreError
from graphs.adapt import nodes
from graphs.adapt.guard import closing, on_its_own
from graphs.adapt.state import AdaptState
from graphs.context import Context
from graphs.methods.planner import plan_as_configured

BUSY = RetryPolicy(max_attempts=3, retry_on=StoreError)
"""A ledger or memory that is busy with another process is tried again. Endpoints have their own retries."""


def either(key: str, then: str, otherwise: str = "close") -> tuple[Callable[[Any], str], list[str]]:
    """A conditional edge: to `then` where the state has something under the key, else to `otherwise`, as where the
    document has failed."""

    def choose(state: Any) -> str:
        return then if state.get(key) and not state.get("failure") else otherwise

    return choose, [then, otherwise]


def _to_writers(state: AdaptState) -> list[Send] | Literal["close"]:
    """One writer per plan, side by side."""
    if state.get("failure") or not state.get("plans"):
        return "close"
    return [Send("write", {"run": state["run"], "document": state["document"], "plan": p}) for p in state["plans"]]


def _passed_gate(state: AdaptState) -> Literal["publish", "close"]:
    return "publish" if state.get("verdict") == "publish" and not state.get("failure") else "close"


TO_WRITERS = (_to_writers, ["write", "close"])
PASSED_GATE = (_passed_gate, ["publish", "close"])


def document_graph(steps: dict[str, tuple[Any, Any]]) -> StateGraph[AdaptState, Context, Any, Any]:
    """A graph over one document, from its first step: each step by name, its node and where it leads. The last one is
    where the document is closed, also where it has failed."""
    graph = StateGraph(AdaptState, context_schema=Context)
    graph.add_edge(START, next(iter(steps)))
    for name, (node, leads) in steps.items():
        guarded: Any = closing(node) if name == "close" else on_its_own(node)
        graph.add_node(name, guarded, retry_policy=BUSY)
        if isinstance(leads, str):
            graph.add_edge(name, leads)
        else:
            graph.add_conditional_edges(name, *leads)
    return graph


def adapt_graph() -> StateGraph[AdaptState, Context, Any, Any]:
    evaluate = partial(nodes.evaluate, lambda probes: probes.asked_in_practice)
    return document_graph(
        {
            "probe": (partial(nodes.probe, gated=True), either("measurable", "recall")),
            "recall": (nodes.recall, "plan"),
            "plan": (partial(nodes.plan, plan_as_configured), TO_WRITERS),
            "write": (nodes.write, "check"),
            "check": (partial(nodes.check, nodes.train_once), either("candidates", "train")),
            "train": (nodes.train, either("candidates", "evaluate")),
            "evaluate": (evaluate, either("candidates", "reward")),
            "reward": (nodes.reward, "select"),
            "select": (nodes.select, either("champion", "merge")),
            "merge": (nodes.merge, "gate"),
            "gate": (nodes.gate, PASSED_GATE),
            "publish": (nodes.publish, "close"),
            "close": (nodes.close, END),
        }
    )
