"""What the outer loop does otherwise than `seal ingest` with a document: it practises, or it tests policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from agent.ports import Strategy
from agent.records import Document, Plan, ProbeSet, Recalled, TrainSettings
from graphs.adapt.nodes import AdaptNodes, Update
from graphs.adapt.outcome import outcome
from graphs.improve.screening import Screen
from graphs.improve.seeding import Seeds
from graphs.methods.choosers import Choosers
from graphs.methods.learners import learner_of
from graphs.methods.practice import Practice
from graphs.runtime import Runtime
from graphs.state import AdaptState

SEED_STRIDE = 1000
"""Between the seeds of one self-edit, so that they meet no other plan's."""


class TrialNodes(AdaptNodes):
    """Nothing is published, and no document counts as learned."""

    def close(self, state: AdaptState) -> Update:
        """Write down what came of the document, for no base: `seal ingest` learns it all the same."""
        run, document = state["run"], state["document"]
        with self.rt.tracer.step(run, "close", document) as span:
            told = "measured" if state.get("candidates") and not state.get("failure") else outcome(state)
            self.rt.ledger.finish_document(run, document, told, base="")
            self.rt.sweep(self.rt.ledger.candidates(run, document))
            span.message, span.data = told, {"title": self.rt.ledger.document(document).title}
        return {}


class PracticeNodes(TrialNodes):
    """K self-edits by the acting policy, each trained with several seeds."""

    def __init__(self, runtime: Runtime, practice: Practice) -> None:
        super().__init__(runtime)
        self.screening, self.seeds = Screen(runtime, practice), Seeds(runtime, practice)

    def plans_for(
        self, run: str, document: Document, strategies: Mapping[str, Strategy], recalled: Sequence[Recalled]
    ) -> list[Plan]:
        return learner_of(self.rt, run).plans(run, document, strategies, self.screening.drafts(run))

    def trainings(self, plan: Plan) -> list[TrainSettings]:
        count = self.seeds.count(plan.run, plan.document)
        seeds = (plan.settings.seed + SEED_STRIDE * turn for turn in range(count))
        return [plan.settings.model_copy(update={"seed": seed}) for seed in seeds]

    def screen(self, state: AdaptState) -> Update:
        """Predict what each self-edit will earn; of more than are to be trained, train the best."""
        run, ledger = state["run"], self.rt.ledger
        document = ledger.document(state["document"])
        with self.rt.tracer.step(run, "screen", document.id) as span:
            plans = {plan.id: plan for plan in ledger.plans(run, document.id)}
            written = [e for e in ledger.self_edits(run, document.id) if e.examples]
            predicted = self.screening.predict(run, document, [(plans[e.plan], e) for e in written])
            chosen = self.screening.chosen(run, document.id, predicted, [e.id for e in written])
            left = [c for c in state["candidates"] if ledger.candidate(c).self_edit in chosen]
            told = [{"strategy": e.strategy, "reward": round(predicted[e.id], 4), "trained": e.id in chosen}
                    for e in written if e.id in predicted]  # fmt: skip
            span.data = {"drafts": len(written), "trained": len(chosen), "predicted": told}
        return {"candidates": left}


class HeldoutNodes(TrialNodes):
    """The one plan of each arm that is compared, on all of the document's knowledge probes. Gives no reward."""

    def __init__(self, runtime: Runtime, choosers: Callable[[str], Choosers]) -> None:
        """`choosers` says for a held-out run who is compared in it."""
        super().__init__(runtime)
        self.choosers = choosers

    def plans_for(
        self, run: str, document: Document, strategies: Mapping[str, Strategy], recalled: Sequence[Recalled]
    ) -> list[Plan]:
        chosen = (chooser.choose(run, document, strategies) for chooser in self.choosers(run).values())
        return list({plan.id: plan for plan in chosen if plan}.values())

    def asked_of_candidates(self, probes: ProbeSet) -> ProbeSet:
        return probes.asked_in_test
