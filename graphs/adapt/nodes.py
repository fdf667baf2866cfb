"""The nodes of the graphs that work on one document, thin: read ids from the state, call a stage, write to the ledger.

A node that runs twice after a crash changes nothing: ids are hashes, and every write is idempotent. What practice and
tests do otherwise is a value that `partial` gives: who plans (`plan`), how a self-edit is trained (`check`),
which probes candidates are asked (`evaluate`), and whether a gate is to decide (`probe`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from langgraph.runtime import Runtime

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
    Outcome,
    Plan,
    ProbeSet,
    Recalled,
    SelfEdit,
    Training,
    TrainSettings,
    Writing,
)  # fmt: skip
from agent.strategies import suited
from agent.strategies.checking import check as check_examples
from agent.text.language import language
from graphs.adapt.state import AdaptState, WriteState, outcome_of
from graphs.context import Context
from graphs.library.folders import candidate_folder, sweep_candidates
from graphs.library.publishing import publish as publish_or_ask
from graphs.library.winners import best_reward, champion_of, follow, winner_of, wins
from graphs.measure.evidence import decide, evidence_on, given_since, lacking, made, probes_of
from graphs.measure.subjects import score_subjects
from graphs.methods.writer import writer_of
from graphs.tracing import Span

Update = dict[str, Any]
Plans = Callable[[Context, str, Document, Mapping[str, Strategy], Sequence[Recalled]], list[Plan]]
"""Who plans: gets run, document, strategies that suit it and recalled winners. Raises AnswerError where the model that
plans gave no usable answer."""
Trainings = Callable[[Context, Plan], list[TrainSettings]]
Asked = Callable[[ProbeSet], ProbeSet]

NEVER_PLANNED = ("rank", "alpha", "top_layers", "batch_size", "tail_average")
"""Settings that no planner chooses: a plan that has others was made under another configuration."""


def probe(state: AdaptState, runtime: Runtime[Context], *, gated: bool) -> Update:
    """Make the document's probes and measure the base on them, once. A prober that fails, fails the document.

    Questions that came after the probes were made become probes now. Where a gate is to decide and could publish
    nothing by these probes, the document ends here: nothing is trained for it.
    """
    context, ledger = runtime.context, runtime.context.ledger
    run, document = state["run"], ledger.document(state["document"])
    spoken = language(document.text)
    with context.tracer.step(run, "probe", document.id) as span:
        if not ledger.probes(document.id):  # a prober may not write the same questions twice
            try:
                ledger.add_probes(made(context, document, span))
            except AnswerError as error:
                return {"measurable": False, "language": spoken, "failure": span.failed(error)}
        ledger.add_probes(given_since(context, document))
        probes = ProbeSet.of(ledger.probes(document.id)).in_use
        if score_subjects(context, run, document, probes, {BASE: None}):
            return {"measurable": False, "language": spoken, "failure": _not_numbers(span, "the base")}
        span.model = context.model.name
        span.data |= {"probes": len(probes), "kinds": dict(Counter(p.kind for p in probes)), "language": spoken}
    begun = ledger.candidates(run, document.id)  # under settings that may have been others
    wants = lacking(context, run, document.id) if gated and probes and not begun else ""
    return {"measurable": bool(probes.asked_in_practice) and not wants, "language": spoken, "lacking": wants}


def recall(state: AdaptState, runtime: Runtime[Context]) -> Update:
    """Winners of similar documents with the same base, from memory."""
    context = runtime.context
    document = context.ledger.document(state["document"])
    with context.tracer.step(state["run"], "recall", document.id) as span:
        most, base = context.config.plan.recall, context.config.model.name
        found = context.memory.recall(document, most, base) if most else []
        span.data["recalled"] = [
            {"title": r.winner.title, "strategy": r.winner.strategy, "gain": r.winner.gain, "distance": r.distance}
            for r in found
        ]
    return {"recalled": [r.model_dump(mode="json") for r in found]}


def plan(plans_for: Plans, state: AdaptState, runtime: Runtime[Context]) -> Update:
    """Plan for a document, by strategies that suit its language. A planner that fails, fails it."""
    context = runtime.context
    run, document = state["run"], context.ledger.document(state["document"])
    with context.tracer.step(run, "plan", document.id) as span:
        strategies = suited(context.strategies, state["language"])
        plans = _recorded_plans(context, run, document.id, strategies)
        if strategies and not plans:
            recalled = [Recalled.model_validate(r) for r in state.get("recalled", ())]
            try:
                plans = plans_for(context, run, document, strategies, recalled)
            except AnswerError as error:
                return {"plans": [], "failure": span.failed(error)}
            context.ledger.add_plans(plans)
        span.data["plans"] = [{"plan": p.id, "strategy": p.strategy, "reason": p.reason} for p in plans]
    return {"plans": [p.id for p in plans]}


def _recorded_plans(context: Context, run: str, document: str, strategies: Mapping[str, Strategy]) -> list[Plan]:
    """Without those that a person ruled out since, before anything was trained by them."""
    ledger, usual = context.ledger, context.config.train
    trained = {ledger.self_edit(c.self_edit).plan for c in ledger.candidates(run, document) if ledger.training(c.id)}
    return [
        p for p in ledger.plans(run, document)
        if p.id in trained
        or (p.strategy in strategies and all(getattr(p.settings, k) == getattr(usual, k) for k in NEVER_PLANNED))
    ]  # fmt: skip


def write(state: WriteState, runtime: Runtime[Context]) -> Update:
    """One plan's self-edit, as its strategy writes it. A writer that fails loses its own plan only."""
    context = runtime.context
    plan = _plan(context, state["run"], state["document"], state["plan"])
    document = context.ledger.document(plan.document)
    written = next((e for e in context.ledger.self_edits(plan.run, document.id) if e.plan == plan.id), None)
    if written:  # a model may not write the same again, which would be a second self-edit of this plan
        unchecked = [*written.examples, *(refusal.example for refusal in written.refused)]
        return {"drafts": [_draft(plan, written.writer, unchecked, written.written)]}
    strategy = context.strategies[plan.strategy]
    asked = writer_of(context, plan) if strategy.needs_model else None
    chat = Heard(asked) if asked else None
    writer = chat.name if chat else "deterministic"
    with context.tracer.step(state["run"], "write", document.id) as span:
        span.subject, span.model = plan.strategy, writer
        try:
            examples = strategy.write(document, plan.instruction, chat)
        except AnswerError as error:
            span.failed(error)
            if context.config.write.endpoint != SELF:
                return {"drafts": []}
            examples = []  # the base model's own text: that it cannot be used is what the plan came to
        span.data["examples"] = len(examples)
    return {"drafts": [_draft(plan, writer, examples, chat.written if chat else ())]}


def _plan(context: Context, run: str, document: str, id: str) -> Plan:
    return next(plan for plan in context.ledger.plans(run, document) if plan.id == id)


def train_once(context: Context, plan: Plan) -> list[TrainSettings]:
    """A plan's self-edit becomes one candidate, with the plan's settings."""
    return [plan.settings]


def check(trainings: Trainings, state: AdaptState, runtime: Runtime[Context]) -> Update:
    """Refuse what must not be trained on. What is left of a self-edit becomes one candidate for each of the settings
    that `trainings` names."""
    context = runtime.context
    run, document = state["run"], context.ledger.document(state["document"])
    probes = context.ledger.probes(document.id)
    candidates: list[Candidate] = []
    told: list[dict[str, Any]] = []
    with context.tracer.step(run, "check", document.id) as span:
        for draft in sorted(state["drafts"], key=lambda d: state["plans"].index(d["plan"])):
            plan = _plan(context, run, document.id, draft["plan"])
            examples = [Example.model_validate(e) for e in draft["examples"]]
            written = [Writing.model_validate(w) for w in draft["written"]]
            edit = SelfEdit.make(plan, draft["writer"], *check_examples(document, examples, probes), written)
            context.ledger.add_self_edit(edit)
            if edit.examples:
                base = context.config.model.name
                candidates += [Candidate.make(run, edit, base, each) for each in trainings(context, plan)]
            told.append({"plan": plan.id, "strategy": plan.strategy,
                         "passed": len(edit.examples), "refused": len(edit.refused)})  # fmt: skip
        context.ledger.add_candidates(candidates)
        span.data = {"passed": sum(t["passed"] for t in told), "refused": sum(t["refused"] for t in told),
                     "plans": told}  # fmt: skip
    return {"candidates": [c.id for c in candidates]}


def train(state: AdaptState, runtime: Runtime[Context]) -> Update:
    """All candidates in one batch against one frozen base; those that are trained already are kept."""
    context, ledger = runtime.context, runtime.context.ledger
    with context.tracer.step(state["run"], "train", state["document"]) as span:
        jobs: list[TrainJob] = []
        for candidate in map(ledger.candidate, state["candidates"]):
            folder = candidate_folder(context.config, candidate.id)
            if not ledger.training(candidate.id) or not folder.is_dir():
                jobs.append(TrainJob(candidate, ledger.self_edit(candidate.self_edit).examples, folder))
        results = context.trainer.train(jobs, context.progress) if jobs else []
        trained = [r for r in results if isinstance(r, Training)]
        for result in trained:
            ledger.add_training(result)
        failures = [r for r in results if isinstance(r, TrainFailure)]
        span.model = context.config.model.name
        span.data = {"failed": {f.candidate: f.reason for f in failures}, "tokens": sum(r.tokens for r in trained)}
        left = [c for c in state["candidates"] if c not in {f.candidate for f in failures}]
        if not left:
            span.status, span.message = "failed", "; ".join(dict.fromkeys(f.reason for f in failures))
    return {"candidates": left, "failure": "" if left else "no candidate could be trained"}


def evaluate(choose: Asked, state: AdaptState, runtime: Runtime[Context]) -> Update:
    """Ask all candidates the probes that are chosen and the general questions, in one batch."""
    context = runtime.context
    run, document = state["run"], context.ledger.document(state["document"])
    with context.tracer.step(run, "evaluate", document.id) as span:
        probes = choose(probes_of(context.ledger, run, document.id))
        subjects = {c: candidate_folder(context.config, c) for c in state["candidates"]}
        broken = score_subjects(context, run, document, probes, {**subjects})
        left = [c for c in state["candidates"] if c not in broken]
        span.model, span.data = context.model.name, {"probes": len(probes), "candidates": len(left)}
        if broken:
            span.message = f"{len(broken)} candidates answered with figures that are not numbers"
            span.status = "ok" if left else "failed"
    return {"candidates": left, "failure": "" if left else "no candidate could be measured"}


def reward(state: AdaptState, runtime: Runtime[Context]) -> Update:
    """What each candidate is worth, by the terms of `evals.rewards.rubric`."""
    from evals.rewards.rubric import reward, rubric

    context, run, document = runtime.context, state["run"], state["document"]
    ledger, terms = context.ledger, rubric(context.config.reward)
    told: list[dict[str, Any]] = []
    with context.tracer.step(run, "reward", document) as span:
        for id in state["candidates"]:
            evidence = evidence_on(ledger, run, document, id)
            assert evidence is not None, "the base was measured in probe, the candidate in evaluate"
            found = reward(evidence, terms)
            ledger.add_reward(found)
            told.append({"candidate": id, "strategy": ledger.candidate(id).strategy, "reward": round(found.value, 4)})
        span.data = {"best": max(t["reward"] for t in told), "candidates": told}
    return {}


def select(state: AdaptState, runtime: Runtime[Context]) -> Update:
    """The best candidate, together with those near it, makes up the champion.

    One that the gate decided on already stays it, also where a resumed run would choose another by now.
    """
    context, ledger = runtime.context, runtime.context.ledger
    with context.tracer.step(state["run"], "select", state["document"]) as span:
        champion = champion_of(ledger, state["run"], state["document"])
        if champion is None:
            rewards = [r for r in map(ledger.reward, state["candidates"]) if r is not None]
            rewards.sort(key=lambda r: (r.value, r.candidate), reverse=True)
            if not rewards or rewards[0].value <= 0:
                span.message = "no candidate gained anything"
                return {"champion": ""}
            least = context.config.reward.near * rewards[0].value
            champion = Candidate.mean([ledger.candidate(r.candidate) for r in rewards if r.value >= least])
            ledger.add_candidates([champion])
        best = best_reward(ledger, champion)
        span.subject = best.candidate
        span.data = {"strategy": champion.strategy, "reward": best.value, "members": champion.members}
    return {"champion": champion.id}


def merge(state: AdaptState, runtime: Runtime[Context]) -> Update:
    """Write the mean of the champion's members as an adapter. A champion without members is one already."""
    context = runtime.context
    champion = context.ledger.candidate(state["champion"])
    with context.tracer.step(state["run"], "merge", state["document"]) as span:
        span.subject, span.data = champion.id, {"members": champion.members}
        folder = candidate_folder(context.config, champion.id)
        if champion.members and not folder.is_dir():
            members = map(context.ledger.candidate, champion.members)
            context.trainer.merge([(one, candidate_folder(context.config, one.id)) for one in members], folder)
    return {}


def gate(state: AdaptState, runtime: Runtime[Context]) -> Update:
    """The held-out half decides, for the champion alone. The first decision stands, whatever settings are today.

    With it the champion's self-edit may become the document's winner.
    """
    context, run, champion = runtime.context, state["run"], state["champion"]
    ledger = context.ledger
    document = ledger.document(state["document"])
    with context.tracer.step(run, "gate", document.id) as span:
        probes = probes_of(ledger, run, document.id)
        span.subject = champion
        if score_subjects(context, run, document, probes, {champion: candidate_folder(context.config, champion)}):
            return {"verdict": "", "failure": _not_numbers(span, "the champion")}
        after = ledger.retention(run, champion)
        assert after is not None, "the champion was measured just now"
        decision = ledger.decision(champion)
        if decision is None:
            decision = decide(context, run, document.id, champion)
            with ledger.transaction():
                ledger.add_decision(decision)
                if wins(ledger, ledger.candidate(champion), decision.verdict):
                    ledger.add_winner(winner_of(ledger, ledger.candidate(champion)))
        follow(context)
        span.message = f"{decision.verdict}: {decision.reason}"
        span.data = decision.model_dump() | {"general": after.items, "reached": after.reached}
    return {"verdict": decision.verdict}


def publish(state: AdaptState, runtime: Runtime[Context]) -> Update:
    """Copy the adapter into the library under its content's hash and move the pointer, once.

    Where a person has the last word, the pointer waits for it.
    """
    from seal_train.adapters.folders import adopt

    context, run, champion = runtime.context, state["run"], state["champion"]
    document = context.ledger.document(state["document"])
    with context.tracer.step(run, "publish", document.id) as span:
        path = adopt(candidate_folder(context.config, champion), context.config.adapters_dir)
        adapter = Adapter(
            id=path.name, candidate=champion, document=document.id, title=document.title,
            base=context.config.model.name, path=str(path), run=run,
        )  # fmt: skip
        decision = context.ledger.decision(champion)
        assert decision is not None
        verdict = publish_or_ask(context, adapter, decision.reason)
        span.subject, span.data = adapter.id, {"path": adapter.path, "candidate": champion}
        span.message = verdict if verdict != "publish" else ""
    return {"verdict": verdict}


def close(state: AdaptState, runtime: Runtime[Context]) -> Update:
    """Write down what came of the document and sweep the folders of its candidates."""
    _close(runtime.context, state, outcome_of(state), runtime.context.config.model.name)
    return {}


def close_trial(state: AdaptState, runtime: Runtime[Context]) -> Update:
    """The same for practice and tests, for no base: `seal ingest` learns the document all the same."""
    measured = bool(state.get("candidates")) and not state.get("failure")
    _close(runtime.context, state, Outcome(kind="measured") if measured else outcome_of(state), base="")
    return {}


def _close(context: Context, state: AdaptState, outcome: Outcome, base: str) -> None:
    ledger, run, document = context.ledger, state["run"], state["document"]
    with context.tracer.step(run, "close", document) as span:
        ledger.finish_document(run, document, outcome, base)
        sweep_candidates(context.config, ledger.candidates(run, document))
        span.message, span.data = str(outcome), {"title": ledger.document(document).title}


def _not_numbers(span: Span, who: str) -> str:
    span.status, span.message = "failed", f"{who} answered with figures that are not numbers"
    return span.message


def _draft(plan: Plan, writer: str, examples: Iterable[Example], written: Iterable[Writing]) -> dict[str, Any]:
    return {"plan": plan.id, "writer": writer, "examples": [e.model_dump() for e in examples],
            "written": [w.model_dump() for w in written]}  # fmt: skip


def _all_of(edit: SelfEdit) -> list[Example]:
    """What was written, before the check."""
    return [*edit.examples, *(refusal.example for refusal in edit.refused)]
