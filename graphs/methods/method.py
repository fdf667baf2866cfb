"""What a way to improve has to offer, so that the outer loop practises, compares and promotes without knowing which."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol

from agent.errors import StoreError
from agent.ports import Ledger, Strategy
from agent.ports.ledger import P
from agent.records import Action, Arm, ArmResult, Document, Drift, Plan, Policy, Promotion, Texts
from graphs.context import Context
from graphs.methods.practice import Practice


class Chooser(Protocol):
    """One arm of a comparison. `policies` are the ids of the policies that it chooses by."""

    @property
    def policies(self) -> tuple[str, ...]: ...

    def choose(self, run: str, document: Document, strategies: Mapping[str, Strategy]) -> Plan | None:
        """The same plan each time that it is asked; None where none of the strategies is known to it."""
        ...


Choosers = dict[Arm, Chooser]


@dataclass(frozen=True)
class Drifted:
    """What was measured of the base model and of what was learned."""

    base: Drift
    own: Drift


class Method(Protocol):
    """One way to improve. The runs that it is given names of are the practice and held-out runs of one round."""

    name: str
    """In [improve] learns, in what people read, and in the ledger, where it is the kind of its policies."""
    without: str
    """What happens while no policy of it acts, as a person reads it."""

    def __init__(self, context: Context) -> None: ...

    def check(self) -> None:
        """Look at what can be seen to be wrong before a run of the outer loop begins. Raises ConfigError."""
        ...

    def shown(self) -> int:
        """How many self-edits it writes of a document besides those that are asked for, to be learned from."""
        ...

    def acting(self) -> Policy:
        """The policy that was promoted last; one that has learned nothing before that."""
        ...

    def plans(self, run: str, document: Document, strategies: Mapping[str, Strategy], k: int) -> list[Plan]:
        """By which the acting policy practises."""
        ...

    def expected(self, documents: Sequence[Document]) -> list[dict[Action, float]]:
        """For each document, the reward that the acting policy expects of an action; nothing where it expects none."""
        ...

    def learn(self, practice_run: str, practice: Practice) -> None:
        """Write policies down that a practice run taught: the learned one first, then the controls and who acts."""
        ...

    def learned(self, practice_run: str) -> Policy | None:
        """What was learned after a practice run, where that was done."""
        ...

    def choosers(self, practice_run: str) -> Choosers:
        """Who is compared on held-out documents after a practice run; "current", who acts, first."""
        ...

    def drifted(self, practice_run: str) -> Drifted | None:
        """How far what was learned is from the base model, where that can be told."""
        ...

    def texts(self, heldout_run: str, results: Sequence[ArmResult]) -> dict[Arm, Texts]:
        """About what each arm wrote in a held-out run, where it writes."""
        ...


class PolicyMethod(ABC, Generic[P]):
    """What methods have in common whose policies stand in the ledger, each class of them under a kind of its own."""

    policy: type[P]

    def __init__(self, context: Context) -> None:
        self.context = context

    def check(self) -> None:
        """It needs nothing but rewards."""

    def shown(self) -> int:
        return 0

    @abstractmethod
    def blank(self) -> P:
        """The policy that has learned nothing."""

    def acting(self) -> P:
        return promoted(self.context, self.policy) or self.blank()

    def expected(self, documents: Sequence[Document]) -> list[dict[Action, float]]:
        return [{} for _ in documents]

    def add(self, taught: Sequence[P]) -> None:
        """Write down what was taught, the learned policy first, and beside it what has learned nothing and who acts."""
        with self.context.ledger.transaction():
            for policy in (*taught, self.blank(), self.acting()):
                self.context.ledger.add_policy(policy)

    def learned(self, practice_run: str) -> P | None:
        return next(iter(self.context.ledger.policies(practice_run, self.policy)), None)

    def arms(self, practice_run: str) -> dict[Arm, list[P]]:
        """The policies of each arm after a practice run; "current", who acts, first."""
        found: dict[Arm, list[P]] = {"current": [self.acting()]}
        for policy in (*self.context.ledger.policies(practice_run, self.policy), self.blank()):
            found.setdefault(policy.arm, []).append(policy)
        return found

    def drifted(self, practice_run: str) -> Drifted | None:
        """It changes no model."""
        return None

    def texts(self, heldout_run: str, results: Sequence[ArmResult]) -> dict[Arm, Texts]:
        return {}


def promoted(context: Context, of: type[P]) -> P | None:
    """The policy of a class that was promoted last for the base model. None where none was, or where the one that acts
    has learned nothing, since all others were taken back."""
    promotions = context.ledger.promotions(context.config.model.name, of.model_fields["kind"].default)
    policy = context.ledger.policy(promotions[-1].policy, of) if promotions else None
    return policy if policy and policy.learned else None


def former(ledger: Ledger, base: str, kind: str, policy: str) -> str:
    """The policy that acted when this one was first promoted. Later it may have come back in place of another one."""
    return next(p.replaces for p in ledger.promotions(base, kind) if p.policy == policy)


def take_back(context: Context, method: Method, reason: str) -> Promotion:
    """Let the policy act again that acted before the current one.

    Raises:
        StoreError: no policy of that kind is promoted.
    """
    ledger, acts = context.ledger, method.acting()
    if not acts.learned:
        raise StoreError(f"no {method.name} policy is promoted, so there is none to take back")
    number = len(ledger.promotions(acts.base, method.name))
    before = former(ledger, acts.base, method.name, acts.id)
    promotion = Promotion.make(method.name, "", number, acts.base, before, acts.id, reason)
    ledger.promote(promotion)
    return promotion
