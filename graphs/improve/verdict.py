"""What each arm came to on the held-out documents of a round. `evals.gates.policy` decides by it."""

from __future__ import annotations

from collections.abc import Sequence

from agent.records import ArmResult, Document, Plan, Trial
from agent.strategies import suited
from agent.text.language import language
from graphs.context import Context
from graphs.measure.evidence import evidence_on
from graphs.methods.method import Chooser, Choosers
from graphs.methods.practice import action_of


def tried(context: Context, run: str, chooser: Chooser, documents: Sequence[Document]) -> dict[str, Trial]:
    """What an arm's plan came to, by document. Documents are left out where a step failed: that is no gain of 0."""
    closed = context.ledger.outcomes(run)
    out: dict[str, Trial] = {}
    for document in documents:
        plan = chooser.choose(run, document, suited(context.strategies, language(document.text)))
        if plan is None or document.id not in closed or not closed[document.id].is_final:
            continue
        trial = _trial(context, run, document, plan)
        if trial:
            out[document.id] = trial
    return out


def _trial(context: Context, run: str, document: Document, plan: Plan) -> Trial | None:
    from evals.rewards.gain import forgetting, gain_on_knowledge

    ledger, action = context.ledger, action_of(plan, context.config.train.learning_rate)
    edit = next((e for e in ledger.self_edits(run, document.id) if e.plan == plan.id), None)
    if edit is None:
        return None
    if not edit.examples:
        return Trial(document=document.id, action=action, candidate="", gain=0.0, forgetting=0.0, tokens=0)
    candidate = next((c for c in ledger.candidates(run, document.id) if c.self_edit == edit.id), None)
    found = evidence_on(ledger, run, document.id, candidate.id) if candidate else None
    training = ledger.training(candidate.id) if candidate else None
    if not (candidate and found and found.after.scores and training):
        return None
    return Trial(
        document=document.id, action=action, candidate=candidate.id, gain=gain_on_knowledge(found),
        forgetting=forgetting(found), tokens=training.tokens,
    )  # fmt: skip


def compare_arms(context: Context, run: str, choosers: Choosers, documents: Sequence[Document]) -> list[ArmResult]:
    """Every arm on those documents that all of them have a trial of."""
    found = {arm: tried(context, run, chooser, documents) for arm, chooser in choosers.items()}
    shared = [d.id for d in documents if all(d.id in of for of in found.values())]
    return [
        ArmResult(arm=arm, policies=chooser.policies, trials=tuple(found[arm][d] for d in shared))
        for arm, chooser in choosers.items()
    ]
