"""The method "writer": the base model itself, trained to write self-edits as the better rewarded ones are written."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import fmean

from agent.config import TrainConfig
from agent.config.sections import SELF
from agent.errors import ConfigError, MissingExtra
from agent.models.own import OwnChat, OwnWriter
from agent.planning import usual_epochs
from agent.ports import Chat, Ledger, Lesson, Request, Strategy
from agent.records import (
    BASE,
    Arm,
    ArmResult,
    Document,
    Plan,
    SelfEdit,
    Texts,
    WriterPolicy,
    Writing,
    content_id,
)
from agent.strategies.prompted import PromptedStrategy
from agent.text.normal import words
from graphs.context import Context
from graphs.measure.subjects import drift_meter
from graphs.methods.method import Choosers, Drifted, PolicyMethod, promoted
from graphs.methods.practice import Practice, Rewarded
from graphs.tracing import STEP

Attribute = Callable[[Plan], Plan]


def attribute(context: Context, plan: Plan) -> Plan:
    """The plan, by the writer policy that acts where the base model itself is to write for it."""
    writes = context.config.write.endpoint == SELF and context.strategies[plan.strategy].needs_model
    acts = promoted(context, WriterPolicy) if writes else None
    return plan.written_by(acts.id) if acts else plan


def writer_of(context: Context, plan: Plan) -> Chat | None:
    """The chat model that writes a plan's self-edit; None where there is none. The base model itself draws its text by
    the plan's document, strategy and seed: writer policies that are compared make the same draws."""
    if context.config.write.endpoint != SELF:
        return context.chat(context.config.write.endpoint)
    policy = context.ledger.policy(plan.writer, WriterPolicy) if plan.writer else None
    adapter = _folder(context, policy) if policy and policy.adapter else None
    seed = int(content_id("text", plan.run, plan.document, plan.strategy, plan.settings.seed), 16)
    name = f"writer {plan.writer}" if policy else context.config.model.name
    return OwnChat(context.keep(_own_writer), name, adapter, seed)


def _folder(context: Context, policy: WriterPolicy) -> Path:
    return context.config.writers_dir / policy.adapter


def _own_writer(context: Context) -> OwnWriter:
    return OwnWriter(partial(_sample, context))


def _sample(context: Context, requests: Sequence[Request]) -> list[str]:
    """Texts that the base model writes, as a step of their own: several plans wait for one batch. Its event says how
    sure each writer was of its words."""
    run, _, document = STEP.get()
    with context.tracer.step(run, "sample", document) as span:
        write = context.config.write
        drawn = context.model.sample(requests, write.max_tokens, write.temperature)
        entropies: dict[str, list[float]] = {}
        for request, text in zip(requests, drawn, strict=True):
            entropies.setdefault(request.adapter.name if request.adapter else "", []).append(text.entropy)
        span.model = context.model.name
        span.data = {"tokens": sum(text.tokens for text in drawn), "entropies": entropies}
    return [text.text for text in drawn]


@dataclass(frozen=True)
class ByWriter:
    """One plan with the usual settings, written by a policy. Strategies take turns by document, so that all writers are
    asked the same."""

    policy: WriterPolicy
    train: TrainConfig

    @property
    def policies(self) -> tuple[str, ...]:
        return (self.policy.id,)

    def choose(self, run: str, document: Document, strategies: Mapping[str, Strategy]) -> Plan | None:
        start = int(content_id("turn", document.id), 16)
        return next(iter(_plans_in_turn(run, document, strategies, self.train, self.policy, 1, start)), None)


class WriterMethod(PolicyMethod[WriterPolicy]):
    name = "writer"
    without = "no writer policy acts now: the bare base model writes"
    policy = WriterPolicy

    def check(self) -> None:
        """Raises:
        ConfigError: the base model does not write, or nothing is written by a model.
        MissingExtra: TRL is not installed.
        """
        if self.context.config.write.endpoint != SELF:
            cause = f'a writer is learned where the base model writes: [write] endpoint = "{SELF}"'
            raise ConfigError(
                cause, f"--set write.endpoint={SELF}, or take it out of [improve] learns", "improve.learns"
            )
        if not any(strategy.needs_model for strategy in self.context.strategies.values()):
            cause = "a writer is to be learned, and none of the strategies asks a model"
            raise ConfigError(cause, "name one that does, self-qa for example", "plan.strategies")
        if find_spec("trl") is None:
            raise MissingExtra("training a writer policy", "writer")

    def shown(self) -> int:
        """One of each strategy that asks no model: it shows what can be written."""
        return sum(not strategy.needs_model for strategy in self.context.strategies.values())

    def blank(self) -> WriterPolicy:
        """The bare base model."""
        config = self.context.config
        return WriterPolicy.make("", "untrained", config.model.name, config.improve.method,
                                 adapter="", dataset="", learned_from=0)  # fmt: skip

    def plans(self, run: str, document: Document, strategies: Mapping[str, Strategy], k: int) -> list[Plan]:
        """`k` plans of the strategies that ask a model, and one of each that asks none."""
        train = self.context.config.train
        shown = sorted(name for name, strategy in strategies.items() if not strategy.needs_model)
        return [
            *_plans_in_turn(run, document, strategies, train, self.acting(), k, 0),
            *(_usual(run, document, strategies[name], train, 0, "shows what can be written") for name in shown),
        ]

    def learn(self, practice_run: str, practice: Practice) -> None:
        """From the base anew, on all texts that were ever written and rewarded (ReST-EM does not go on from the last
        policy), and on what other strategies made of the same documents. The control has the same texts, with their
        rewards dealt out at random."""
        from seal_train.policies.dataset import shuffled

        lessons = [
            Lesson(one.system, one.user, one.text, it.reward)
            for it in practice.rewarded()
            for one in it.self_edit.written or self._shown(it)
        ]
        learned = self._train(practice_run, "learned", lessons)
        control = self._train(practice_run, "random", shuffled(lessons, 0))
        self.add((learned, control))

    def _shown(self, it: Rewarded) -> list[Writing]:
        """What strategies that ask no model made, as the texts that the model could have written for those that do."""
        document = self.context.ledger.document(it.document)
        asking = [one for one in self.context.strategies.values() if isinstance(one, PromptedStrategy)]
        return [shown for one in asking if (shown := one.shown(document, it.self_edit.examples))]

    def _train(self, practice_run: str, arm: Arm, lessons: list[Lesson]) -> WriterPolicy:
        from seal_train.adapters.folders import adopt

        context, config = self.context, self.context.config
        method, seed = config.improve.method, config.train.seed
        folder, dataset = config.work_dir / f"{practice_run}.{arm}", config.datasets_dir / f"{practice_run}.{arm}.jsonl"
        adapter = ""
        with context.tracer.step(practice_run, "train-writer") as span:
            span.subject, span.model = arm, config.model.name
            if context.writer_trainer.train(method, lessons, seed, folder, dataset, context.progress):
                adapter = adopt(folder, config.writers_dir).name
                shutil.rmtree(folder)
        return WriterPolicy.make(practice_run, arm, config.model.name, method, adapter=adapter,
                                 dataset=dataset.name if adapter else "", learned_from=len(lessons))  # fmt: skip

    def choosers(self, practice_run: str) -> Choosers:
        return {arm: self.by(first) for arm, (first, *_) in self.arms(practice_run).items()}

    def by(self, policy: WriterPolicy) -> ByWriter:
        return ByWriter(policy, self.context.config.train)

    def drifted(self, practice_run: str) -> Drifted | None:
        learned = self.learned(practice_run)
        if learned is None or not learned.adapter:
            return None
        with self.context.tracer.step(practice_run, "drift") as span:
            span.subject, span.model = learned.id, self.context.config.model.name
            subjects = {BASE: None, learned.id: _folder(self.context, learned)}
            base, own = self.context.keep(drift_meter).measure(subjects)
        return Drifted(base, own)

    def texts(self, heldout_run: str, results: Sequence[ArmResult]) -> dict[Arm, Texts]:
        return texts_by_arm(self.context.ledger, heldout_run, results)


def _plans_in_turn(
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
    settings = train.settings(usual_epochs(strategy, train, document), seed=train.seed + turn)
    return Plan.make(run, document.id, strategy.name, settings, planner="turns", reason=reason)


def texts_by_arm(ledger: Ledger, run: str, results: Sequence[ArmResult]) -> dict[Arm, Texts]:
    """What each arm's writer wrote in a held-out run; arms that wrote nothing are left out."""
    edits: dict[str, list[SelfEdit]] = defaultdict(list)
    for document in ledger.documents(run):
        by = {plan.id: plan.writer for plan in ledger.plans(run, document.id)}
        for edit in ledger.self_edits(run, document.id):
            if edit.written:
                edits[by[edit.plan]].append(edit)
    sure, found = _entropies(ledger, run), dict[Arm, Texts]()
    for result in results:
        policy = ledger.policy(result.policies[0], WriterPolicy)
        own = edits[policy.id if policy.adapter else ""]
        if own:
            found[result.arm] = _about(own, sure.get(policy.adapter, ()))
    return found


def _about(edits: Sequence[SelfEdit], entropies: Sequence[float]) -> Texts:
    said = [words(one.text) for edit in edits for one in edit.written]
    pairs = [pair for text in said for pair in pairwise(text)]
    return Texts(
        written=len(said),
        usable=sum(bool(edit.examples) for edit in edits),
        words=fmean(map(len, said)),
        distinct=len(set(pairs)) / max(1, len(pairs)),
        entropy=fmean(entropies) if entropies else None,
    )


def _entropies(ledger: Ledger, run: str) -> Mapping[str, list[float]]:
    """Of each text, by the adapter that wrote it, as the steps told that drew them."""
    found: dict[str, list[float]] = defaultdict(list)
    for event in ledger.events(run):
        for adapter, values in event.data.get("entropies", {}).items() if event.step == "sample" else ():
            found[adapter] += values
    return found
