"""The gate's decision on a champion: its held-out probes, its retention, and how far it is from the base."""

from __future__ import annotations

from agent.records import BASE, Drift, GateDecision
from graphs.measure.evidence import evidence_on
from graphs.runtime import Runtime


def decide(runtime: Runtime, run: str, document: str, champion: str) -> GateDecision:
    """What the probes say, held to the limits on drift. What the probes reject needs no drift measured."""
    import evals.gates.document
    from evals.gates.limits import within_limits

    evidence, settings = evidence_on(runtime.ledger, run, document, champion), runtime.config.gate
    assert evidence is not None, "the base was measured in probe, the champion before it is decided on"
    decision = evals.gates.document.decide(evidence, settings)
    if decision.verdict == "reject":
        return decision
    return within_limits(decision, settings, _drift(runtime, run, BASE), _drift(runtime, run, champion))


def _drift(runtime: Runtime, run: str, subject: str) -> Drift:
    """Measured once per run."""
    found = runtime.ledger.drift(run, subject)
    if found is None:
        (found,) = runtime.drift.measure({subject: None if subject == BASE else runtime.folder(subject)})
        runtime.ledger.add_drift(run, found)
    return found
