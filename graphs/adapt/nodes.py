"""The nodes of the adapt graph, thin: read ids from the state, call a stage, write records to the ledger.

A node that runs twice after a crash changes nothing: ids are hashes, and every write is idempotent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.config.sections import SELF
from agent.errors import AnswerError
from agent.models.own import Heard
from agent.ports import Strategy, TrainFailure, TrainJob
from agent.records import (
    BASE,
    Adapter,
    Candidate,
    Document,
    Example,
    Plan,
    Probe,
    ProbeSet,
    Recalled,
    SelfEdit,
    Training,
    TrainSettings,
    Writing,
)  # fmt: skip
from agent.strategies import suited
from agent.strategies.checking import check
from agent.text.language import language
from graphs.adapt.outcome import outcome
from graphs.adapt.probing import given_since, made
from graphs.approve.graph import publish
from graphs.library.champion import best_reward, decided
from graphs.library.winners import follow, winner_of, wins
from graphs.measure.evidence import evidence_on, probes_of
from graphs.measure.gating import decide
from graphs.runtime import Runtime
from graphs.state import AdaptState, WriteState
from graphs.tracing import Span

Update = dict[str, Any]


NEVER_PLANNED = ("rank", "alpha", "top_layers")
"""Settings that no planner chooses: a plan that has others was made under another configuration."""


class AdaptNodes:
    """Each step of the adapt graph. What practice does otherwise it overrides: who plans, how often each self-edit is
    trained, and what candidates are asked."""

    def __init__(self, runtime: Runtime) -> None:
        self.rt = runtime

    def plans_for(
        self, run: str, document: Document, strategies: Mapping[str, Strategy], recalled: Sequence[Recalled]
    ) -> list[Plan]:
        """Raises AnswerError where the model that plans gave no usable answer."""
        plans = self.rt.planner(strategies).plan(run, document, recalled, self.rt.config.plan.candidates)
        return [self.rt.written(plan) for plan in plans]

    def trainings(self, plan: Plan) -> list[TrainSettings]:
        """The settings of each candidate that is made of a plan's self-edit."""
        return [plan.settings]

    def asked_of_candidates(self, probes: ProbeSet) -> ProbeSet:
        """Which of a run's probes every candidate is asked."""
        return probes.asked_in_practice

    def probe(self, state: AdaptState) -> Update:
        """Make the document's probes and measure the base on them, once. A prober that fails, fails the document.

        Questions that came after the probes were made become probes now.
        """
        run, document = state["run"], self.rt.ledger.document(state["document"])
        spoken = language(document.text)
        with self.rt.tracer.step(run, "probe", document.id) as span:
            if not self.rt.ledger.probes(document.id):  # a prober may not write the same questions twice
                try:
                    self.rt.ledger.add_probes(made(self.rt, document, span))
                except AnswerError as error:
                    return {"measurable": False, "language": spoken, "failure": span.failed(error)}
            self.rt.ledger.add_probes(given_since(self.rt, document))
            probes = ProbeSet.of(self.rt.ledger.probes(document.id)).in_use
            if self._measure(run, document, probes, {BASE: None}):
                return {"measurable": False, "language": spoken, "failure": _not_numbers(span, "the base")}
            span.model = self.rt.model.name
            span.data |= {"probes": len(probes), "kinds": _counted(probes), "language": spoken}
        return {"measurable": bool(probes.asked_in_practice), "language": spoken}

    def _measure(self, run: str, document: Document, probes: ProbeSet, subjects: dict[str, Path | None]) -> set[str]:
        """Score what the ledger has not scored yet. Returns the subjects whose figures are not numbers."""
        from evals.probes.scoring import score

        ledger = self.rt.ledger
        groups: dict[tuple[Probe, ...], dict[str, Path | None]] = {}
        for subject, path in subjects.items():
            known = {s.probe for s in ledger.scores(run, subject, document.id)}
            missing = tuple(p for p in probes if p.id not in known)
            groups.setdefault(missing, {})[subject] = path
        broken: set[str] = set()
        for missing, group in groups.items():
            scores = score(self.rt.model, document.title, missing, group, self.rt.judge)
            broken |= {s.subject for s in scores if not math.isfinite(s.logprob)}
            ledger.add_scores(run, [s for s in scores if s.subject not in broken])
        self._measure_retention(run, document, {s: p for s, p in subjects.items() if s not in broken})
        return broken

    def _measure_retention(self, run: str, document: Document, subjects: dict[str, Path | None]) -> None:
        from evals.meters.retention import questions

        unknown = {s: p for s, p in subjects.items() if not self.rt.ledger.retention(run, s)}
        if unknown:
            limit = self.rt.config.ask.max_distance
            routed = [row[0] <= limit for row in self.rt.router.distances(questions(), [document])]
            for retention in self.rt.retention.measure(unknown, document.title, routed):
                self.rt.ledger.add_retention(run, retention)

    def recall(self, state: AdaptState) -> Update:
        """Winners of similar documents with the same base, from memory."""
        document = self.rt.ledger.document(state["document"])
        with self.rt.tracer.step(state["run"], "recall", document.id) as span:
            most, base = self.rt.config.plan.recall, self.rt.config.model.name
            found = self.rt.memory.recall(document, most, base) if most else []
            span.data["recalled"] = [
                {"title": r.winner.title, "strategy": r.winner.strategy, "gain": r.winner.gain, "distance": r.distance}
                for r in found
            ]
        return {"recalled": [r.model_dump(mode="json") for r in found]}

    def plan(self, state: AdaptState) -> Update:
        """K plans for the document, by strategies that suit its language. A planner that fails, fails the document."""
        run, document = state["run"], self.rt.ledger.document(state["document"])
        with self.rt.tracer.step(run, "plan", document.id) as span:
            strategies = suited(self.rt.strategies, state["language"])
            plans = self._plans(run, document.id, strategies)
            if strategies and not plans:
                recalled = [Recalled.model_validate(r) for r in state.get("recalled", ())]
                try:
                    plans = self.plans_for(run, document, strategies, recalled)
                except AnswerError as error:
                    return {"plans": [], "failure": span.failed(error)}
                self.rt.ledger.add_plans(plans)
            span.data["plans"] = [{"plan": p.id, "strategy": p.strategy, "reason": p.reason} for p in plans]
        return {"plans": [p.id for p in plans]}

    def _plans(self, run: str, document: str, strategies: Mapping[str, Strategy]) -> list[Plan]:
        """The recorded plans, without those that a person ruled out since, before anything was trained by them."""
        ledger, usual = self.rt.ledger, self.rt.config.train
        trained = {
            ledger.self_edit(c.self_edit).plan for c in ledger.candidates(run, document) if ledger.training(c.id)
        }
        return [
            p for p in ledger.plans(run, document)
            if p.id in trained
            or (p.strategy in strategies and all(getattr(p.settings, k) == getattr(usual, k) for k in NEVER_PLANNED))
        ]  # fmt: skip

    def write(self, state: WriteState) -> Update:
        """One plan's self-edit, as its strategy writes it. A writer that fails loses its own plan only."""
        plan = self._plan(state["run"], state["document"], state["plan"])
        document = self.rt.ledger.document(plan.document)
        written = next((e for e in self.rt.ledger.self_edits(plan.run, document.id) if e.plan == plan.id), None)
        if written:  # a model may not write the same again, which would be a second self-edit of this plan
            return {"drafts": [_draft(plan, written.writer, _all_of(written), written.written)]}
        strategy = self.rt.strategies[plan.strategy]
        asked = self.rt.writer_of(plan) if strategy.needs_model else None
        chat = Heard(asked) if asked else None
        writer = chat.name if chat else "deterministic"
        with self.rt.tracer.step(state["run"], "write", document.id) as span:
            span.subject, span.model = plan.strategy, writer
            try:
                examples = strategy.write(document, plan.instruction, chat)
            except AnswerError as error:
                span.failed(error)
                if self.rt.config.write.endpoint != SELF:
                    return {"drafts": []}
                examples = []  # the base model's own text: that it cannot be used is what the plan came to
            span.data["examples"] = len(examples)
        return {"drafts": [_draft(plan, writer, examples, chat.written if chat else ())]}

    def _plan(self, run: str, document: str, id: str) -> Plan:
        return next(plan for plan in self.rt.ledger.plans(run, document) if plan.id == id)

    def check(self, state: AdaptState) -> Update:
        """Refuse what must not be trained on; what is left becomes candidates."""
        run, document = state["run"], self.rt.ledger.document(state["document"])
        probes = self.rt.ledger.probes(document.id)
        candidates: list[Candidate] = []
        told: list[dict[str, Any]] = []
        with self.rt.tracer.step(run, "check", document.id) as span:
            for draft in sorted(state["drafts"], key=lambda d: state["plans"].index(d["plan"])):
                plan = self._plan(run, document.id, draft["plan"])
                examples = [Example.model_validate(e) for e in draft["examples"]]
                written = [Writing.model_validate(w) for w in draft["written"]]
                edit = SelfEdit.make(plan, draft["writer"], *check(document, examples, probes), written)
                self.rt.ledger.add_self_edit(edit)
                if edit.examples:
                    base = self.rt.config.model.name
                    candidates += [Candidate.make(run, edit, base, each) for each in self.trainings(plan)]
                told.append({"plan": plan.id, "strategy": plan.strategy,
                             "passed": len(edit.examples), "refused": len(edit.refused)})  # fmt: skip
            self.rt.ledger.add_candidates(candidates)
            span.data = {"passed": sum(t["passed"] for t in told), "refused": sum(t["refused"] for t in told),
                         "plans": told}  # fmt: skip
        return {"candidates": [c.id for c in candidates]}

    def train(self, state: AdaptState) -> Update:
        """All candidates in one batch against one frozen base; those that are trained already are kept."""
        ledger = self.rt.ledger
        with self.rt.tracer.step(state["run"], "train", state["document"]) as span:
            jobs: list[TrainJob] = []
            for candidate in map(ledger.candidate, state["candidates"]):
                if not ledger.training(candidate.id) or not self.rt.folder(candidate.id).is_dir():
                    examples = ledger.self_edit(candidate.self_edit).examples
                    jobs.append(TrainJob(candidate, examples, self.rt.folder(candidate.id)))
            results = self.rt.trainer.train(jobs, self.rt.progress) if jobs else []
            for result in results:
                if isinstance(result, Training):
                    ledger.add_training(result)
            failures = [r for r in results if isinstance(r, TrainFailure)]
            span.model = self.rt.config.model.name
            span.data = {"failed": {f.candidate: f.reason for f in failures}, "tokens": sum(
                r.tokens for r in results if isinstance(r, Training))}  # fmt: skip
            lost = {f.candidate for f in failures}
            left = [c for c in state["candidates"] if c not in lost]
            if not left:
                span.status, span.message = "failed", "; ".join(dict.fromkeys(f.reason for f in failures))
        return {"candidates": left, "failure": "" if left else "no candidate could be trained"}

    def evaluate(self, state: AdaptState) -> Update:
        """The reward half of the probes and the general questions, for all candidates in one batch."""
        run, document = state["run"], self.rt.ledger.document(state["document"])
        with self.rt.tracer.step(run, "evaluate", document.id) as span:
            probes = self.asked_of_candidates(probes_of(self.rt.ledger, run, document.id))
            broken = self._measure(run, document, probes, {c: self.rt.folder(c) for c in state["candidates"]})
            left = [c for c in state["candidates"] if c not in broken]
            span.model, span.data = self.rt.model.name, {"probes": len(probes), "candidates": len(left)}
            if broken:
                span.message = f"{len(broken)} candidates answered with figures that are not numbers"
                span.status = "ok" if left else "failed"
        return {"candidates": left, "failure": "" if left else "no candidate could be measured"}

    def reward(self, state: AdaptState) -> Update:
        """What each candidate is worth, by the terms of `evals.rewards.rubric`."""
        from evals.rewards.rubric import reward, rubric

        run, document, ledger, terms = state["run"], state["document"], self.rt.ledger, rubric(self.rt.config.reward)
        told: list[dict[str, Any]] = []
        with self.rt.tracer.step(run, "reward", document) as span:
            for id in state["candidates"]:
                evidence = evidence_on(ledger, run, document, id)
                assert evidence is not None, "the base was measured in probe, the candidate in evaluate"
                found = reward(evidence, terms)
                ledger.add_reward(found)
                told.append(
                    {"candidate": id, "strategy": ledger.candidate(id).strategy, "reward": round(found.value, 4)}
                )
            span.data = {"best": max(t["reward"] for t in told), "candidates": told}
        return {}

    def select(self, state: AdaptState) -> Update:
        """The best candidate, together with those near it, makes up the champion.

        One that the gate decided on already stays it, also where a resumed run would choose another by now.
        """
        ledger = self.rt.ledger
        with self.rt.tracer.step(state["run"], "select", state["document"]) as span:
            champion = decided(ledger, state["run"], state["document"])
            if champion is None:
                rewards = [r for r in map(ledger.reward, state["candidates"]) if r is not None]
                rewards.sort(key=lambda r: (r.value, r.candidate), reverse=True)
                if not rewards or rewards[0].value <= 0:
                    span.message = "no candidate gained anything"
                    return {"champion": ""}
                least = self.rt.config.reward.near * rewards[0].value
                champion = Candidate.mean([ledger.candidate(r.candidate) for r in rewards if r.value >= least])
                ledger.add_candidates([champion])
            best = best_reward(ledger, champion)
            span.subject = best.candidate
            span.data = {"strategy": champion.strategy, "reward": best.value, "members": champion.members}
        return {"champion": champion.id}

    def merge(self, state: AdaptState) -> Update:
        """Write the mean of the champion's members as an adapter. A champion without members is one already."""
        champion = self.rt.ledger.candidate(state["champion"])
        with self.rt.tracer.step(state["run"], "merge", state["document"]) as span:
            span.subject, span.data = champion.id, {"members": champion.members}
            folder = self.rt.folder(champion.id)
            if champion.members and not folder.is_dir():
                members = [(self.rt.ledger.candidate(member), self.rt.folder(member)) for member in champion.members]
                self.rt.trainer.merge(members, folder)
        return {}

    def gate(self, state: AdaptState) -> Update:
        """The held-out half decides, for the champion alone. The first decision stands, whatever settings are today.

        With it the champion's self-edit may become the document's winner.
        """
        run, ledger, champion = state["run"], self.rt.ledger, state["champion"]
        document = ledger.document(state["document"])
        with self.rt.tracer.step(run, "gate", document.id) as span:
            probes = probes_of(ledger, run, document.id)
            span.subject = champion
            if self._measure(run, document, probes, {champion: self.rt.folder(champion)}):
                return {"verdict": "", "failure": _not_numbers(span, "the champion")}
            after = ledger.retention(run, champion)
            assert after is not None, "the champion was measured just now"
            decision = ledger.decision(champion)
            if decision is None:
                decision = decide(self.rt, run, document.id, champion)
                with ledger.transaction():
                    ledger.add_decision(decision)
                    if wins(ledger, ledger.candidate(champion), decision.verdict):
                        ledger.add_winner(winner_of(ledger, ledger.candidate(champion)))
            follow(self.rt)
            span.message = f"{decision.verdict}: {decision.reason}"
            span.data = decision.model_dump() | {"general": after.items, "reached": after.reached}
        return {"verdict": decision.verdict}

    def publish(self, state: AdaptState) -> Update:
        """Copy the adapter into the library under its content's hash and move the pointer, once.

        Where a person has the last word, the pointer waits for it.
        """
        from seal_train.adapters.folders import adopt

        run, champion = state["run"], state["champion"]
        document = self.rt.ledger.document(state["document"])
        with self.rt.tracer.step(run, "publish", document.id) as span:
            path = adopt(self.rt.folder(champion), self.rt.config.adapters_dir)
            adapter = Adapter(
                id=path.name, candidate=champion, document=document.id, title=document.title,
                base=self.rt.config.model.name, path=str(path), run=run,
            )  # fmt: skip
            decision = self.rt.ledger.decision(champion)
            assert decision is not None
            verdict = publish(self.rt, adapter, decision.reason)
            span.subject, span.data = adapter.id, {"path": adapter.path, "candidate": champion}
            span.message = verdict if verdict != "publish" else ""
        return {"verdict": verdict}

    def close(self, state: AdaptState) -> Update:
        """Write down what came of the document and sweep the folders of its candidates."""
        told = outcome(state)
        with self.rt.tracer.step(state["run"], "close", state["document"]) as span:
            self.rt.ledger.finish_document(state["run"], state["document"], told, self.rt.config.model.name)
            self.rt.sweep(self.rt.ledger.candidates(state["run"], state["document"]))
            span.message, span.data = told, {"title": self.rt.ledger.document(state["document"]).title}
        return {}


def _not_numbers(span: Span, who: str) -> str:
    span.status, span.message = "failed", f"{who} answered with figures that are not numbers"
    return span.message


def _draft(plan: Plan, writer: str, examples: Iterable[Example], written: Iterable[Writing]) -> dict[str, Any]:
    return {"plan": plan.id, "writer": writer, "examples": [e.model_dump() for e in examples],
            "written": [w.model_dump() for w in written]}  # fmt: skip


def _all_of(edit: SelfEdit) -> list[Example]:
    """What was written, before the check."""
    return [*edit.examples, *(refusal.example for refusal in edit.refused)]


def _counted(probes: ProbeSet) -> dict[str, int]:
    return {kind: sum(p.kind == kind for p in probes) for kind in dict.fromkeys(p.kind for p in probes)}
