"""The gate's decision on a champion: its held-out probes, its retention, and how far it is from the base."""

from __future__ import annotations

from agent.records import BASE, GateDecision
from graphs.context import Context
from graphs.measure.evidence import evidence_on
from graphs.measure.subjects import measure_drift


def decide(context: Context, run: str, document: str, champion: str) -> GateDecision:
    """What the probes say, held to the limits on drift. What the probes reject needs no drift measured."""
    import evals.gates.document
    from evals.gates.limits import within_limits

    evidence, settings = evidence_on(context.ledger, run, document, champion), context.config.gate
    assert evidence is not None, "the base was measured in probe, the champion before it is decided on"
    decision = evals.gates.document.decide(evidence, settings)
    if decision.verdict == "reject":
        return decision
    base, own = measure_drift(context, run, BASE), measure_drift(context, run, champion)
    return within_limits(decision, settings, base, own)
