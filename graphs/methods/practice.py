"""What practice has measured with a base model, in whichever run of the outer loop. Each run is read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from agent.planning.features import features
from agent.ports.ledger import Ledger
from agent.records import Document, Plan, SelfEdit
from graphs.methods.outer import PRACTICE, action_of
from graphs.runtime import Runtime

if TYPE_CHECKING:
    from seal_train.policies.planner import Observation


@dataclass(frozen=True)
class Rewarded:
    """A self-edit with the rewards of its candidates, one a seed, and what policies see of its document."""

    document: str
    features: tuple[float, ...]
    plan: Plan
    self_edit: SelfEdit
    rewards: tuple[float, ...]

    @property
    def reward(self) -> float:
        return fmean(self.rewards)


def rewards(ledger: Ledger, run: str, document: str) -> Iterator[tuple[Plan, SelfEdit, tuple[float, ...]]]:
    """Each self-edit of a practice run with the rewards of its candidates, one a seed.

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
    """All practice with the runtime's base model. Runs that are done are kept, since nothing is added to them."""

    def __init__(self, runtime: Runtime) -> None:
        self.rt = runtime
        self._kept: dict[str, list[Rewarded]] = {}
        self._features: dict[str, tuple[float, ...]] = {}

    def rewarded(self, before: str = "") -> list[Rewarded]:
        """Every rewarded self-edit, oldest first; with `before`, of the practice runs that were begun before that."""
        found: list[Rewarded] = []
        for run in self.rt.ledger.runs():
            if run["run"] == before:
                break
            if run["kind"] == PRACTICE and run["config"]["model"]["name"] == self.rt.config.model.name:
                found += self.of(str(run["run"]))
        return found

    def observations(self) -> list[Observation]:
        """All of it as a planner policy learns from it."""
        from seal_train.policies.planner import Observation

        usual = self.rt.config.train.learning_rate
        return [Observation(r.document, r.features, action_of(r.plan, usual), r.reward) for r in self.rewarded()]

    def of(self, run: str) -> list[Rewarded]:
        """Every rewarded self-edit of one practice run, in the order of its documents."""
        if run in self._kept:
            return self._kept[run]
        found = [
            Rewarded(document.id, self._seen(document), plan, edit, found)
            for document in self.rt.ledger.documents(run)
            for plan, edit, found in rewards(self.rt.ledger, run, document.id)
        ]
        if self.rt.ledger.run(run)["status"] == "done":
            self._kept[run] = found
        return found

    def _seen(self, document: Document) -> tuple[float, ...]:
        if document.id not in self._features:
            self._features[document.id] = features(document)
        return self._features[document.id]
