"""Who is compared on held-out documents: each arm chooses one plan a document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.config import TrainConfig
from agent.planning import usual_epochs
from agent.planning.policy import PolicyPlanner
from agent.planning.thompson import ThompsonPlanner
from agent.ports import Strategy
from agent.records import Document, Plan, content_id
from agent.records.rounds import Arm, PlannerPolicy, WriterPolicy


class Chooser(Protocol):
    """`policies` are the ids of the policies that it chooses by."""

    @property
    def policies(self) -> tuple[str, ...]: ...

    def choose(self, run: str, document: Document, strategies: Mapping[str, Strategy]) -> Plan | None:
        """The same plan each time that it is asked; None where none of the strategies is known to it."""
        ...


Choosers = dict[Arm, Chooser]


@dataclass(frozen=True)
class ByPolicy:
    """The best plan by a planner policy's mean. Of several policies each has its share of the documents. `written` says
    who writes for the plan."""

    several: Sequence[PlannerPolicy]
    train: TrainConfig
    written: Callable[[Plan], Plan]

    @property
    def policies(self) -> tuple[str, ...]:
        return tuple(policy.id for policy in self.several)

    def choose(self, run: str, document: Document, strategies: Mapping[str, Strategy]) -> Plan | None:
        turn = int(content_id("turn", document.id), 16) % len(self.several)
        planner = PolicyPlanner(self.several[turn], strategies, self.train)
        return self.written(planner.best_plan(run, document)) if planner.actions else None


@dataclass(frozen=True)
class Usual:
    """What is planned first where no policy was promoted and nothing was measured: Thompson sampling by the priors."""

    train: TrainConfig
    policies: tuple[str, ...] = ()

    def choose(self, run: str, document: Document, strategies: Mapping[str, Strategy]) -> Plan | None:
        return next(iter(ThompsonPlanner(strategies, self.train, dict).plan(run, document, [], 1)), None)


@dataclass(frozen=True)
class ByWriter:
    """One plan with the usual settings, written by a writer policy. Strategies take turns by document, so that all
    writers are asked the same."""

    policy: WriterPolicy
    train: TrainConfig

    @property
    def policies(self) -> tuple[str, ...]:
        return (self.policy.id,)

    def choose(self, run: str, document: Document, strategies: Mapping[str, Strategy]) -> Plan | None:
        start = int(content_id("turn", document.id), 16)
        return next(iter(_in_turn(run, document, strategies, self.train, self.policy, 1, start)), None)


def writing_plans(
    run: str, document: Document, strategies: Mapping[str, Strategy], train: TrainConfig, policy: WriterPolicy, k: int
) -> list[Plan]:
    """`k` plans of the strategies that ask a model, and one of each that asks none, which shows what can be written."""
    shown = [name for name, strategy in strategies.items() if not strategy.needs_model]
    return [
        *_in_turn(run, document, strategies, train, policy, k, 0),
        *(_usual(run, document, strategies[name], train, 0, "shows what can be written") for name in sorted(shown)),
    ]


def _in_turn(
    run: str, document: Document, strategies: Mapping[str, Strategy], train: TrainConfig, policy: WriterPolicy,
    k: int, start: int,
) -> list[Plan]:  # fmt: skip
    """`k` plans of the strategies that ask a model, one after the other from place `start`, with the usual settings:
    what differs between them is the text. None where there is no such strategy."""
    names = sorted(name for name, strategy in strategies.items() if strategy.needs_model)
    plans: list[Plan] = []
    for i in range(k if names else 0):
        name = names[(start + i) % len(names)]
        plan = _usual(run, document, strategies[name], train, i // len(names), "its turn to be written")
        plans.append(plan.written_by(policy.id) if policy.adapter else plan)
    return plans


def _usual(run: str, document: Document, strategy: Strategy, train: TrainConfig, turn: int, reason: str) -> Plan:
    settings = train.settings(usual_epochs(strategy, train), seed=train.seed + turn)
    return Plan.make(run, document.id, strategy.name, settings, planner="turns", reason=reason)
