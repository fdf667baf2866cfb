"""Who plans how a document is learned, as configured, and the method "planner": a policy that says which strategy and
learning rate suit which document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.config import TrainConfig
from agent.errors import ConfigError
from agent.planning.chat import ChatPlanner
from agent.planning.policy import PolicyPlanner, untrained
from agent.planning.thompson import ThompsonPlanner
from agent.ports import Planner, Strategy
from agent.records import Action, Document, Plan, PlannerPolicy, Recalled, content_id
from graphs.context import Context
from graphs.methods.method import Choosers, PolicyMethod, promoted
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


class PlannerMethod(PolicyMethod[PlannerPolicy]):
    name = "planner"
    without = "no planner policy acts now: strategies are sampled by their rewards"
    policy = PlannerPolicy

    def blank(self) -> PlannerPolicy:
        return untrained(self.context.config.model.name, tuple(self.context.strategies))

    def _planner(self, strategies: Mapping[str, Strategy]) -> PolicyPlanner:
        return PolicyPlanner(self.acting(), strategies, self.context.config.train)

    def plans(self, run: str, document: Document, strategies: Mapping[str, Strategy], k: int) -> list[Plan]:
        return [attribute(self.context, p) for p in self._planner(strategies).plan(run, document, [], k)]

    def expected(self, documents: Sequence[Document]) -> list[dict[Action, float]]:
        planner = self._planner(self.context.strategies)
        return [planner.expected(document) for document in documents]

    def learn(self, practice_run: str, practice: Practice) -> None:
        self.add([self.control(practice_run, practice, shuffle) for shuffle in (None, *range(RANDOM))])

    def control(self, practice_run: str, practice: Practice, shuffle: int | None) -> PlannerPolicy:
        """What is learned from all practice; with `shuffle`, a seed, from its rewards dealt out at random."""
        from seal_train.policies.planner import learn_planner

        base, strategies = self.context.config.model.name, tuple(self.context.strategies)
        return learn_planner(practice_run, base, strategies, practice.observations(), shuffle)

    def choosers(self, practice_run: str) -> Choosers:
        return {arm: self.by(*several) for arm, several in self.arms(practice_run).items()}

    def by(self, *several: PlannerPolicy) -> ByPolicy:
        return ByPolicy(several, self.context.config.train, lambda plan: attribute(self.context, plan))


def configured_planner(context: Context, strategies: Mapping[str, Strategy]) -> Planner:
    """The configured planner over those strategies that suit a document."""
    config = context.config
    if config.plan.planner == "chat":
        chat = context.chat(config.plan.endpoint)
        if chat is None:
            raise ConfigError('planner "chat" needs an endpoint', "name one", "plan.endpoint")
        return ChatPlanner(chat, strategies, config.train)
    acting = promoted(context, PlannerPolicy) if config.plan.planner == "policy" else None
    if acting:
        return PolicyPlanner(acting, strategies, config.train)
    return ThompsonPlanner(strategies, config.train, lambda: context.ledger.strategy_rewards(config.model.name))


def plan_as_configured(
    context: Context, run: str, document: Document, strategies: Mapping[str, Strategy], recalled: Sequence[Recalled]
) -> list[Plan]:
    plans = configured_planner(context, strategies).plan(run, document, recalled, context.config.plan.candidates)
    return [attribute(context, plan) for plan in plans]
