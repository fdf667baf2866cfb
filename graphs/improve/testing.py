"""The test graph: the one plan of each arm that is compared, for one held-out document, on all of its knowledge probes.

It gives no reward, publishes nothing, and no document counts as learned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from langgraph.graph import END, StateGraph

from agent.ports import Strategy
from agent.records import Document, Plan, Recalled
from graphs.adapt import nodes
from graphs.adapt.graph import TO_WRITERS, document_graph, either
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
    return document_graph(
        {
            "probe": (partial(nodes.probe, gated=False), either("measurable", "plan")),
            "plan": (partial(nodes.plan, plan_for_arms(choosers_of)), TO_WRITERS),
            "write": (nodes.write, "check"),
            "check": (partial(nodes.check, nodes.train_once), either("candidates", "train")),
            "train": (nodes.train, either("candidates", "evaluate")),
            "evaluate": (partial(nodes.evaluate, lambda probes: probes.asked_in_test), "close"),
            "close": (nodes.close_trial, END),
        }
    )
