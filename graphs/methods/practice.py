"""What practice has measured with a base model, in whichever run of the outer loop. Each run is read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import log2
from statistics import fmean
from typing import TYPE_CHECKING

from agent.planning.policy import features
from agent.ports import Ledger
from agent.records import Action, Document, Plan, SelfEdit
from graphs.context import Context

if TYPE_CHECKING:
    from seal_train.policies.planner import Observation


def practice_run(improve: str, number: int) -> str:
    """The name of the run in which a round of the outer loop practises."""
    return f"{improve}.{number}.practice"


def heldout_run(improve: str, number: int) -> str:
    """The name of the run in which a round of the outer loop is tested."""
    return f"{improve}.{number}.held-out"


def action_of(plan: Plan, usual_rate: float) -> Action:
    return Action(strategy=plan.strategy, rate=2 ** round(log2(plan.settings.learning_rate / usual_rate), 6))


@dataclass(frozen=True)
class Rewarded:
    """A self-edit with the rewards of its candidates, one per seed, and what policies see of its document."""

    document: str
    features: tuple[float, ...]
    plan: Plan
    self_edit: SelfEdit
    rewards: tuple[float, ...]

    @property
    def reward(self) -> float:
        return fmean(self.rewards)


def rewards(ledger: Ledger, run: str, document: str) -> Iterator[tuple[Plan, SelfEdit, tuple[float, ...]]]:
    """Each self-edit of a practice run with the rewards of its candidates, one per seed.

    0 where the check left nothing to train on: that is what the plan is worth. Nothing where all candidates failed.
    """
    plans = {plan.id: plan for plan in ledger.plans(run, document)}
    measured: dict[str, list[float]] = defaultdict(list)
    for candidate in ledger.candidates(run, document):
        reward = ledger.reward(candidate.id)
        if reward is not None:
            measured[candidate.self_edit].append(reward.value)
    for edit in ledger.self_edits(run, document):
        if not edit.examples:
            yield plans[edit.plan], edit, (0.0,)
        elif measured[edit.id]:
            yield plans[edit.plan], edit, tuple(measured[edit.id])


class Practice:
    """All practice with the context's base model. Runs that are done are kept, since nothing is added to them. Ask by
    `context.keep(Practice)`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._kept: dict[str, list[Rewarded]] = {}
        self._features: dict[str, tuple[float, ...]] = {}

    def rewarded(self, before: str = "") -> list[Rewarded]:
        """Every rewarded self-edit, oldest first; with `before`, of the practice runs that were begun before that."""
        found: list[Rewarded] = []
        for run in self.context.ledger.runs():
            if run.id == before:
                break
            if run.kind == "practice" and run.base == self.context.config.model.name:
                found += self.of(run.id)
        return found

    def observations(self) -> list[Observation]:
        """All of it as a planner policy learns from it."""
        from seal_train.policies.planner import Observation

        usual = self.context.config.train.learning_rate
        return [Observation(r.document, r.features, action_of(r.plan, usual), r.reward) for r in self.rewarded()]

    def of(self, run: str) -> list[Rewarded]:
        """Every rewarded self-edit of one practice run, in the order of its documents."""
        if run in self._kept:
            return self._kept[run]
        ledger = self.context.ledger
        found = [
            Rewarded(document.id, self._features_of(document), plan, edit, each)
            for document in ledger.documents(run)
            for plan, edit, each in rewards(ledger, run, document.id)
        ]
        if ledger.run(run).status == "done":
            self._kept[run] = found
        return found

    def _features_of(self, document: Document) -> tuple[float, ...]:
        if document.id not in self._features:
            self._features[document.id] = features(document)
        return self._features[document.id]
