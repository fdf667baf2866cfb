"""The method "planner": a policy that says which strategy and learning rate suit which document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.config import TrainConfig
from agent.planning.policy import PolicyPlanner, untrained
from agent.planning.thompson import ThompsonPlanner
from agent.ports import Strategy
from agent.records import Action, Arm, ArmResult, Document, Plan, PlannerPolicy, Texts, content_id
from graphs.context import Context
from graphs.methods.method import Choosers, promoted
from graphs.methods.practice import Practice
from graphs.methods.writer import Attribute, attribute

RANDOM = 4
"""Policies of the control arm. One that is learned from noise does the same everywhere, be it the best."""


@dataclass(frozen=True)
class ByPolicy:
    """The best plan by a policy's mean. Of several policies each has its share of the documents. `attribute` says who
    writes for the plan."""

    several: Sequence[PlannerPolicy]
    train: TrainConfig
    attribute: Attribute

    @property
    def policies(self) -> tuple[str, ...]:
        return tuple(policy.id for policy in self.several)

    def choose(self, run: str, document: Document, strategies: Mapping[str, Strategy]) -> Plan | None:
        turn = int(content_id("turn", document.id), 16) % len(self.several)
        planner = PolicyPlanner(self.several[turn], strategies, self.train)
        return self.attribute(planner.best_plan(run, document)) if planner.actions else None


@dataclass(frozen=True)
class ByPriors:
    """What is planned first where no policy was promoted and nothing was measured: Thompson sampling by the priors."""

    train: TrainConfig
    policies: tuple[str, ...] = ()

    def choose(self, run: str, document: Document, strategies: Mapping[str, Strategy]) -> Plan | None:
        return next(iter(ThompsonPlanner(strategies, self.train, dict).plan(run, document, [], 1)), None)


class PlannerMethod:
    name = "planner"
    without = "no planner policy acts now: strategies are sampled by their rewards"

    def __init__(self, context: Context) -> None:
        self.context = context

    def check(self) -> None:
        """It needs nothing but rewards."""

    def shown(self) -> int:
        return 0

    def acting(self) -> PlannerPolicy:
        return promoted(self.context, PlannerPolicy) or self.blank()

    def blank(self) -> PlannerPolicy:
        """The policy that has learned nothing."""
        return untrained(self.context.config.model.name, tuple(self.context.strategies))

    def _planner(self, strategies: Mapping[str, Strategy]) -> PolicyPlanner:
        return PolicyPlanner(self.acting(), strategies, self.context.config.train)

    def plans(self, run: str, document: Document, strategies: Mapping[str, Strategy], k: int) -> list[Plan]:
        return [attribute(self.context, p) for p in self._planner(strategies).plan(run, document, [], k)]

    def expected(self, documents: Sequence[Document]) -> list[dict[Action, float]]:
        planner = self._planner(self.context.strategies)
        return [planner.expected(document) for document in documents]

    def learn(self, practice_run: str, practice: Practice) -> None:
        context = self.context
        taught = [self.control(practice_run, practice, shuffle) for shuffle in (None, *range(RANDOM))]
        with context.ledger.transaction():
            for policy in (*taught, self.blank(), self.acting()):
                context.ledger.add_policy(policy)

    def control(self, practice_run: str, practice: Practice, shuffle: int | None) -> PlannerPolicy:
        """What is learned from all practice; with `shuffle`, a seed, from its rewards dealt out at random."""
        from seal_train.policies.planner import learn_planner

        base, strategies = self.context.config.model.name, tuple(self.context.strategies)
        return learn_planner(practice_run, base, strategies, practice.observations(), shuffle)

    def learned(self, practice_run: str) -> PlannerPolicy | None:
        return next(iter(self.context.ledger.policies(practice_run, PlannerPolicy)), None)

    def choosers(self, practice_run: str) -> Choosers:
        policies: dict[Arm, list[PlannerPolicy]] = {"current": [self.acting()]}
        for policy in (*self.context.ledger.policies(practice_run, PlannerPolicy), self.blank()):
            policies.setdefault(policy.arm, []).append(policy)
        return {arm: self.by(*several) for arm, several in policies.items()}

    def by(self, *several: PlannerPolicy) -> ByPolicy:
        return ByPolicy(several, self.context.config.train, lambda plan: attribute(self.context, plan))

    def drifted(self, practice_run: str) -> None:
        """It changes no model."""

    def texts(self, heldout_run: str, results: Sequence[ArmResult]) -> dict[Arm, Texts]:
        return {}
