"""Which of a document's probes a run is about."""

from __future__ import annotations

from agent.ports import Ledger
from agent.records import BASE, Probe


def probes_of_run(ledger: Ledger, run: str, document: str) -> list[Probe]:
    """The probes that the run has measured the base on. Others came later, or were replaced before."""
    measured = {score.probe for score in ledger.scores(run, BASE, document)}
    return [probe for probe in ledger.probes(document) if probe.id in measured]
