"""Who is compared on held-out documents: each arm chooses one plan a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.config import TrainConfig
from agent.errors import StoreError
from agent.ledger_port import Ledger
from agent.planning.policy import PolicyPlanner, untrained
from agent.planning.thompson import ThompsonPlanner
from agent.policy import Arm, PlannerPolicy, Promotion
from agent.ports import Strategy
from agent.records import Document, Plan, content_id
from graphs.outer import practice_of
from graphs.runtime import Runtime


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
    """The best plan by a policy's mean. Of several policies each has its share of the documents."""

    several: Sequence[PlannerPolicy]
    train: TrainConfig

    @property
    def policies(self) -> tuple[str, ...]:
        return tuple(policy.id for policy in self.several)

    def choose(self, run: str, document: Document, strategies: Mapping[str, Strategy]) -> Plan | None:
        turn = int(content_id("turn", document.id), 16) % len(self.several)
        planner = PolicyPlanner(self.several[turn], strategies, self.train)
        return planner.best_plan(run, document) if planner.actions else None


@dataclass(frozen=True)
class Usual:
    """What is planned first where no policy was promoted and nothing was measured: Thompson sampling by the priors."""

    train: TrainConfig
    policies: tuple[str, ...] = ()

    def choose(self, run: str, document: Document, strategies: Mapping[str, Strategy]) -> Plan | None:
        return next(iter(ThompsonPlanner(strategies, self.train, dict).plan(run, document, [], 1)), None)


def blank(runtime: Runtime) -> PlannerPolicy:
    """The policy that has learned nothing."""
    return untrained(runtime.config.model.name, tuple(runtime.strategies))


def acting(runtime: Runtime) -> PlannerPolicy:
    """The policy that was promoted last; one that has learned nothing before that."""
    return runtime.acting or blank(runtime)


def before(ledger: Ledger, policy: str, base: str) -> str:
    """The policy that acted when this one was first promoted. Later it may have come back in place of another one."""
    return next(p.replaces for p in ledger.promotions(base) if p.policy == policy)


def take_back(runtime: Runtime, reason: str) -> Promotion:
    """Let the policy act again that acted before the current one.

    Raises:
        StoreError: no policy is promoted.
    """
    ledger, acts = runtime.ledger, runtime.acting
    if acts is None:
        raise StoreError("no policy is promoted, so there is none to take back")
    former = before(ledger, acts.id, acts.base)
    promotion = Promotion.make("", len(ledger.promotions(acts.base)), acts.base, former, acts.id, reason)
    ledger.promote(promotion)
    return promotion


def of_round(runtime: Runtime, heldout: str) -> Choosers:
    """Who a round's held-out run compares: who acts, what practice taught, and the controls."""
    policies: dict[Arm, list[PlannerPolicy]] = {"current": [acting(runtime)]}
    for policy in (*runtime.ledger.policies(practice_of(heldout)), blank(runtime)):
        policies.setdefault(policy.arm, []).append(policy)
    return {arm: ByPolicy(tuple(several), runtime.config.train) for arm, several in policies.items()}
