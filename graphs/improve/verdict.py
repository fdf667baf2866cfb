"""The gate of policies: what each arm came to on the held-out documents of a round, and who acts from now on."""

from __future__ import annotations

from collections.abc import Sequence

from agent.records import BASE, Document, Plan
from agent.records.rounds import Action, ArmResult, Difference, Trial, Word
from agent.strategies import suited
from agent.text.language import language
from graphs.context import Context
from graphs.measure.asked import probes_of_run
from graphs.methods.method import Chooser, Choosers
from graphs.methods.practice import action_of

LEAST = 4
"""Held-out documents. Fewer decide nothing."""


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
    from evals.rewards.gain import forgotten, gain

    ledger, action = context.ledger, action_of(plan, context.config.train.learning_rate)
    edit = next((e for e in ledger.self_edits(run, document.id) if e.plan == plan.id), None)
    if edit is None:
        return None
    if not edit.examples:
        return _nothing(document.id, action)
    candidate = next((c for c in ledger.candidates(run, document.id) if c.self_edit == edit.id), None)
    own = ledger.scores(run, candidate.id, document.id) if candidate else []
    before, after = ledger.retention(run, BASE), ledger.retention(run, candidate.id) if candidate else None
    training = ledger.training(candidate.id) if candidate else None
    if not (candidate and own and before and after and training):
        return None
    probes = probes_of_run(ledger, run, document.id)
    return Trial(
        document=document.id, action=action, candidate=candidate.id,
        gain=gain(probes, ledger.scores(run, BASE, document.id), own), forgetting=forgotten(before, after),
        tokens=training.tokens,
    )  # fmt: skip


def _nothing(document: str, action: Action) -> Trial:
    return Trial(document=document, action=action, candidate="", gain=0.0, forgetting=0.0, tokens=0)


def compare_arms(context: Context, run: str, choosers: Choosers, documents: Sequence[Document]) -> list[ArmResult]:
    """Every arm on those documents that all of them have a trial of."""
    found = {arm: tried(context, run, chooser, documents) for arm, chooser in choosers.items()}
    shared = [d.id for d in documents if all(d.id in of for of in found.values())]
    return [
        ArmResult(arm=arm, policies=chooser.policies, trials=tuple(found[arm][d] for d in shared))
        for arm, chooser in choosers.items()
    ]


def differences(results: Sequence[ArmResult]) -> dict[str, Difference]:
    """Each arm's gains against those of the first one. Empty where no document was tried by all."""
    from evals.statistics.paired import difference

    first, *others = ([trial.gain for trial in result.trials] for result in results)
    arms = [result.arm for result in results[1:]]
    return {arm: difference(found, first) for arm, found in zip(arms, others, strict=True) if found}


def decide(found: dict[str, Difference], alpha: float, rewards_rose: bool, promoted: bool) -> tuple[Word, str]:
    """Promote what was learned where its gains on held-out documents are greater than the current policy's.

    Where a policy that was `promoted` is beaten by one that has learned nothing, the one before it acts again. Where
    practice is better rewarded than in the first round (`rewards_rose`) although on held-out documents the policy is no
    better than one that has learned nothing, it pleases the reward and nothing else: the reason raises the alarm.
    """
    learned, blank = found.get("learned"), found.get("untrained")
    if learned is None or blank is None or learned.n < LEAST:
        return "keep", f"undecided: {learned.n if learned else 0} held-out documents of the {LEAST} that are needed"
    if learned.p_value <= alpha:
        return "promote", f"learned {_told(learned)}"
    if promoted and blank.p_value <= alpha:
        return "roll back", f"the current policy is beaten by one that has learned nothing: {_told(blank)}"
    if promoted and rewards_rose and blank.mean >= 0:
        return "keep", f"ALARM: rewards rose, and an untrained policy is as good on held-out documents: {_told(blank)}"
    return "keep", f"not shown to be better: {_told(learned)}"


def _told(found: Difference) -> str:
    interval = f"95% interval {found.low:+.3f} to {found.high:+.3f}, p = {found.p_value:.3f}"
    return f"{found.mean:+.3f} on {found.n} held-out documents ({interval})"
