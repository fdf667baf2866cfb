"""What a round of the outer loop trains: a planner policy, or a writer policy. Which acts, how it practises, how it is
learned from rewards, and who is compared with it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Protocol

from agent.config.sections import SELF
from agent.errors import ConfigError, MissingExtra, StoreError
from agent.planning.policy import PolicyPlanner, untrained
from agent.ports import Lesson, Strategy
from agent.ports.ledger import Ledger
from agent.records import BASE, Document, Plan, Writing
from agent.records.drift import Drift
from agent.records.rounds import Action, Arm, Kind, PlannerPolicy, Promotion, WriterPolicy
from agent.strategies.prompted import PromptedStrategy
from graphs.methods.choosers import ByPolicy, ByWriter, Choosers, writing_plans
from graphs.methods.outer import kind_of, practice_of
from graphs.methods.practice import Practice, Rewarded
from graphs.runtime import Runtime

Policy = PlannerPolicy | WriterPolicy
RANDOM = 4
"""Planner policies of the control arm. One that is learned from noise does the same everywhere, be it the best."""


@dataclass(frozen=True)
class Drifted:
    """What was measured of the base model and of a learned writer."""

    base: Drift
    own: Drift


class Learner(Protocol):
    kind: Kind

    def acting(self) -> Policy:
        """The policy that was promoted last; one that has learned nothing before that."""
        ...

    def plans(self, run: str, document: Document, strategies: Mapping[str, Strategy], k: int) -> list[Plan]:
        """By which the acting policy practises."""
        ...

    def expected(self, documents: Sequence[Document]) -> list[dict[Action, float]]:
        """For each document, the reward that the acting policy expects of an action; nothing where it expects none."""
        ...

    def learn(self, child: str, practice: Practice) -> None:
        """Write policies down that a practice run taught: the learned one first, then the controls and who acts."""
        ...

    def learned(self, child: str) -> Policy | None:
        """What was learned after a practice run, where that was done."""
        ...

    def choosers(self, heldout: str) -> Choosers:
        """Whom a held-out run compares."""
        ...

    def drifted(self, child: str) -> Drifted | None:
        """How far what was learned after a practice run is from the base model, where that can be told."""
        ...


def learner_of(runtime: Runtime, child: str) -> Learner:
    """That of the round which a practice or a held-out run belongs to."""
    kind = kind_of(runtime.config.improve.learns, child)
    return PlannerLearner(runtime) if kind == "planner" else WriterLearner(runtime)


def check(runtime: Runtime) -> None:
    """Look at what can be seen to be wrong before a run of the outer loop begins.

    Raises:
        ConfigError: a writer is to be learned, and the base model does not write.
        MissingExtra: a writer is to be learned, and TRL is not installed.
    """
    if "writer" not in runtime.config.improve.learns:
        return
    if runtime.config.write.endpoint != SELF:
        cause = f'a writer is learned where the base model writes: [write] endpoint = "{SELF}"'
        raise ConfigError(cause, f"--set write.endpoint={SELF}, or take it out of [improve] learns", "improve.learns")
    if not any(strategy.needs_model for strategy in runtime.strategies.values()):
        cause = "a writer is to be learned, and none of the strategies asks a model"
        raise ConfigError(cause, "name one that does, self-qa for example", "plan.strategies")
    if find_spec("trl") is None:
        raise MissingExtra("training a writer policy", "writer")


class PlannerLearner:
    kind: Kind = "planner"

    def __init__(self, runtime: Runtime) -> None:
        self.rt = runtime

    def acting(self) -> PlannerPolicy:
        return self.rt.acting or self.blank()

    def blank(self) -> PlannerPolicy:
        """The policy that has learned nothing."""
        return untrained(self.rt.config.model.name, tuple(self.rt.strategies))

    def plans(self, run: str, document: Document, strategies: Mapping[str, Strategy], k: int) -> list[Plan]:
        plans = PolicyPlanner(self.acting(), strategies, self.rt.config.train).plan(run, document, [], k)
        return [self.rt.written(plan) for plan in plans]

    def expected(self, documents: Sequence[Document]) -> list[dict[Action, float]]:
        planner = PolicyPlanner(self.acting(), self.rt.strategies, self.rt.config.train)
        return [planner.expected(document) for document in documents]

    def learn(self, child: str, practice: Practice) -> None:
        from seal_train.policies.planner import learn_planner

        base, strategies, observed = self.rt.config.model.name, tuple(self.rt.strategies), practice.observations()
        taught = [learn_planner(child, base, strategies, observed, shuffle) for shuffle in (None, *range(RANDOM))]
        with self.rt.ledger.transaction():
            for policy in (*taught, self.blank(), self.acting()):
                self.rt.ledger.add_policy(policy)

    def learned(self, child: str) -> PlannerPolicy | None:
        return next(iter(self.rt.ledger.policies(child)), None)

    def drifted(self, child: str) -> None:
        return None

    def choosers(self, heldout: str) -> Choosers:
        policies: dict[Arm, list[PlannerPolicy]] = {"current": [self.acting()]}
        for policy in (*self.rt.ledger.policies(practice_of(heldout)), self.blank()):
            policies.setdefault(policy.arm, []).append(policy)
        train, written = self.rt.config.train, self.rt.written
        return {arm: ByPolicy(tuple(several), train, written) for arm, several in policies.items()}


class WriterLearner:
    kind: Kind = "writer"

    def __init__(self, runtime: Runtime) -> None:
        self.rt = runtime

    def acting(self) -> WriterPolicy:
        return self.rt.acting_writer or self.blank()

    def blank(self) -> WriterPolicy:
        """The bare base model."""
        config = self.rt.config
        return WriterPolicy.make("", "untrained", config.model.name, config.improve.method,
                                 adapter="", dataset="", learned_from=0)  # fmt: skip

    def plans(self, run: str, document: Document, strategies: Mapping[str, Strategy], k: int) -> list[Plan]:
        return writing_plans(run, document, strategies, self.rt.config.train, self.acting(), k)

    def expected(self, documents: Sequence[Document]) -> list[dict[Action, float]]:
        return [{} for _ in documents]

    def learn(self, child: str, practice: Practice) -> None:
        """From the base anew, on all texts that were ever written and rewarded (ReST-EM does not go on from the last
        policy), and on what other strategies made of the same documents. The control has the same texts, with their
        rewards dealt out at random."""
        from seal_train.policies.lessons import shuffled

        lessons = [
            Lesson(one.system, one.user, one.text, it.reward)
            for it in practice.rewarded()
            for one in it.self_edit.written or self._shown(it)
        ]
        learned = self._trained(child, "learned", lessons)
        control = self._trained(child, "random", shuffled(lessons, 0))
        with self.rt.ledger.transaction():
            for policy in (learned, control, self.blank(), self.acting()):
                self.rt.ledger.add_policy(policy)

    def _shown(self, it: Rewarded) -> list[Writing]:
        """What strategies that ask no model made, as the texts that the model could have written for those that do."""
        document = self.rt.ledger.document(it.document)
        asking = [one for one in self.rt.strategies.values() if isinstance(one, PromptedStrategy)]
        return [shown for one in asking if (shown := one.shown(document, it.self_edit.examples))]

    def _trained(self, child: str, arm: Arm, lessons: list[Lesson]) -> WriterPolicy:
        from seal_train.adapters.folders import adopt

        config, method = self.rt.config, self.rt.config.improve.method
        folder, dataset = config.work_dir / f"{child}.{arm}", config.datasets_dir / f"{child}.{arm}.jsonl"
        adapter = ""
        with self.rt.tracer.step(child, "train-writer") as span:
            span.subject, span.model = arm, config.model.name
            if self.rt.writer_trainer.train(method, lessons, config.train.seed, folder, dataset, self.rt.progress):
                adapter = adopt(folder, config.writers_dir).name
                shutil.rmtree(folder)
        return WriterPolicy.make(child, arm, config.model.name, method, adapter=adapter,
                                 dataset=dataset.name if adapter else "", learned_from=len(lessons))  # fmt: skip

    def learned(self, child: str) -> WriterPolicy | None:
        return next(iter(self.rt.ledger.writers(child)), None)

    def drifted(self, child: str) -> Drifted | None:
        learned = self.learned(child)
        if learned is None or not learned.adapter:
            return None
        with self.rt.tracer.step(child, "drift") as span:
            span.subject, span.model = learned.id, self.rt.config.model.name
            folder = self.rt.config.writers_dir / learned.adapter
            base, own = self.rt.drift.measure({BASE: None, learned.id: folder})
        return Drifted(base, own)

    def choosers(self, heldout: str) -> Choosers:
        found: dict[Arm, WriterPolicy] = {"current": self.acting()}
        for policy in (*self.rt.ledger.writers(practice_of(heldout)), self.blank()):
            found.setdefault(policy.arm, policy)
        return {arm: ByWriter(policy, self.rt.config.train) for arm, policy in found.items()}


def before(ledger: Ledger, base: str, kind: Kind, policy: str) -> str:
    """The policy that acted when this one was first promoted. Later it may have come back in place of another one."""
    return next(p.replaces for p in ledger.promotions(base, kind) if p.policy == policy)


def take_back(runtime: Runtime, kind: Kind, reason: str) -> Promotion:
    """Let the policy act again that acted before the current one.

    Raises:
        StoreError: no policy of that kind is promoted.
    """
    ledger = runtime.ledger
    acts: Policy | None = runtime.acting if kind == "planner" else runtime.acting_writer
    if acts is None:
        raise StoreError(f"no {kind} policy is promoted, so there is none to take back")
    number = len(ledger.promotions(acts.base, kind))
    former = before(ledger, acts.base, kind, acts.id)
    promotion = Promotion.make(kind, "", number, acts.base, former, acts.id, reason)
    ledger.promote(promotion)
    return promotion
