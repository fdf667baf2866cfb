"""The test graph: the one plan of each arm that is compared, for one held-out document, on all of its knowledge probes.

It gives no reward, publishes nothing, and no document counts as learned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langgraph.graph import END, START, StateGraph

from agent.ports import Strategy
from agent.records import Document, Plan, Recalled
from graphs.adapt import nodes
from graphs.adapt.graph import BUSY, either, to_writers
from graphs.adapt.state import AdaptState
from graphs.context import Context
from graphs.methods.method import Choosers

ChoosersOf = Callable[[Context, str], Choosers]
"""Who is compared in a held-out run."""


def plan_for_arms(choosers_of: ChoosersOf) -> nodes.Plans:
    def plans_for(
        context: Context, run: str, document: Document, strategies: Mapping[str, Strategy], recalled: Sequence[Recalled]
    ) -> list[Plan]:
        chosen = (chooser.choose(run, document, strategies) for chooser in choosers_of(context, run).values())
        return list({plan.id: plan for plan in chosen if plan}.values())

    return plans_for


def test_graph(choosers_of: ChoosersOf) -> StateGraph[AdaptState, Context, Any, Any]:
    steps: dict[str, Any] = {
        "probe": nodes.probe, "plan": nodes.plan_by(plan_for_arms(choosers_of)), "write": nodes.write,
        "check": nodes.check_for(nodes.train_once), "train": nodes.train,
        "evaluate": nodes.evaluate_on(lambda probes: probes.asked_in_test), "close": nodes.close_trial,
    }  # fmt: skip
    graph = StateGraph(AdaptState, context_schema=Context)
    for name, node in steps.items():
        graph.add_node(name, node, retry_policy=BUSY)
    graph.add_edge(START, "probe")
    graph.add_conditional_edges("probe", *either("measurable", "plan"))
    graph.add_conditional_edges("plan", to_writers, ["write", "close"])
    graph.add_edge("write", "check")
    graph.add_conditional_edges("check", *either("candidates", "train"))
    graph.add_conditional_edges("train", *either("candidates", "evaluate"))
    graph.add_edge("evaluate", "close")
    graph.add_edge("close", END)
    return graph
