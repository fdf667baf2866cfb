"""The gate's decision on a champion: its held-out probes, its retention, and how far it is from the base."""

from __future__ import annotations

from agent.records import BASE, GateDecision
from agent.records.drift import Drift
from graphs.runtime import Runtime


def decide(runtime: Runtime, run: str, document: str, champion: str) -> GateDecision:
    """What the probes say, held to the limits on drift. What the probes reject needs no drift measured."""
    import evals.gates.document
    from evals.gates.limits import fault

    ledger, settings = runtime.ledger, runtime.config.gate
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
    found = fault(settings, _drift(runtime, run, BASE), _drift(runtime, run, champion))
    return decision.model_copy(update={"verdict": found[0], "reason": found[1]}) if found else decision


def _drift(runtime: Runtime, run: str, subject: str) -> Drift:
    """Measured once a run."""
    found = runtime.ledger.drift(run, subject)
    if found is None:
        (found,) = runtime.drift.measure({subject: None if subject == BASE else runtime.folder(subject)})
        runtime.ledger.add_drift(run, found)
    return found
