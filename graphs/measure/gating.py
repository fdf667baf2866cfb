"""The gate's decision on a champion: its held-out probes, its retention, and how far it is from the base."""

from __future__ import annotations

from agent.records import BASE, GateDecision
from graphs.context import Context
from graphs.measure.subjects import measure_drift


def decide(context: Context, run: str, document: str, champion: str) -> GateDecision:
    """What the probes say, held to the limits on drift. What the probes reject needs no drift measured."""
    import evals.gates.document
    from evals.gates.limits import fault

    ledger, settings = context.ledger, context.config.gate
    before, after = ledger.retention(run, BASE), ledger.retention(run, champion)
    assert before is not None, "the base was measured in probe"
    assert after is not None, "the champion was measured before it is decided on"
    decision = evals.gates.document.decide(
        champion, ledger.probes(document), ledger.scores(run, BASE, document),
        ledger.scores(run, champion, document), before, after,
        settings.alpha, settings.min_probes, settings.max_retention_loss,
    )  # fmt: skip
    if decision.verdict == "reject":
        return decision
    found = fault(settings, measure_drift(context, run, BASE), measure_drift(context, run, champion))
    return decision.model_copy(update={"verdict": found[0], "reason": found[1]}) if found else decision
