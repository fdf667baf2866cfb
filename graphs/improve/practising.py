"""The practice graph: K self-edits of one document by the acting policy, each trained with several seeds and rewarded.

Nothing is selected or published, and no document counts as learned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from langgraph.graph import END, StateGraph
from langgraph.runtime import Runtime

from agent.ports import Strategy
from agent.records import Document, Plan, Recalled, TrainSettings
from graphs.adapt import nodes
from graphs.adapt.graph import TO_WRITERS, document_graph, either
from graphs.adapt.state import AdaptState
from graphs.context import Context
from graphs.improve.screening import Screen, Seeds
from graphs.methods import method_of

SEED_STRIDE = 1000
"""Between the seeds of one self-edit, so that they meet no other plan's."""


def plan_for_practice(
    context: Context, run: str, document: Document, strategies: Mapping[str, Strategy], recalled: Sequence[Recalled]
) -> list[Plan]:
    return method_of(context, run).plans(run, document, strategies, context.keep(Screen).drafts(run))


def train_with_seeds(context: Context, plan: Plan) -> list[TrainSettings]:
    count = context.keep(Seeds).count(plan.run, plan.document)
    seeds = (plan.settings.seed + SEED_STRIDE * turn for turn in range(count))
    return [plan.settings.model_copy(update={"seed": seed}) for seed in seeds]


def screen(state: AdaptState, runtime: Runtime[Context]) -> nodes.Update:
    """Predict what each self-edit will earn; of more than are to be trained, train the best."""
    context, run = runtime.context, state["run"]
    ledger, screening = context.ledger, context.keep(Screen)
    document = ledger.document(state["document"])
    with context.tracer.step(run, "screen", document.id) as span:
        plans = {plan.id: plan for plan in ledger.plans(run, document.id)}
        written = [e for e in ledger.self_edits(run, document.id) if e.examples]
        predicted = screening.predict(run, document, [(plans[e.plan], e) for e in written])
        chosen = screening.choose(run, document.id, predicted, [e.id for e in written])
        left = [c for c in state["candidates"] if ledger.candidate(c).self_edit in chosen]
        told = [{"strategy": e.strategy, "reward": round(predicted[e.id], 4), "trained": e.id in chosen}
                for e in written if e.id in predicted]  # fmt: skip
        span.data = {"drafts": len(written), "trained": len(chosen), "predicted": told}
    return {"candidates": left}


def practice_graph() -> StateGraph[AdaptState, Context, Any, Any]:
    evaluate = partial(nodes.evaluate, lambda probes: probes.asked_in_practice)
    return document_graph(
        {
            "probe": (partial(nodes.probe, gated=False), either("measurable", "plan")),
            "plan": (partial(nodes.plan, plan_for_practice), TO_WRITERS),
            "write": (nodes.write, "check"),
            "check": (partial(nodes.check, train_with_seeds), either("candidates", "screen")),
            "screen": (screen, "train"),
            "train": (nodes.train, either("candidates", "evaluate")),
            "evaluate": (evaluate, either("candidates", "reward")),
            "reward": (nodes.reward, "close"),
            "close": (nodes.close_trial, END),
        }
    )
