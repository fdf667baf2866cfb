"""What a run asked about a document and what came of it, read from the ledger."""

from __future__ import annotations

from agent.ports import Ledger
from agent.records import BASE, ProbeSet
from evals.evidence import Measured, RewardEvidence


def probes_of(ledger: Ledger, run: str, document: str) -> ProbeSet:
    """The probes that the run is about."""
    return ProbeSet.of(ledger.probes(document)).measured(ledger.scores(run, BASE, document))


def evidence_on(ledger: Ledger, run: str, document: str, candidate: str) -> RewardEvidence | None:
    """What the run measured of a candidate and of the base; None where it did not measure one of them."""
    before, after = ledger.retention(run, BASE), ledger.retention(run, candidate)
    if before is None or after is None:
        return None
    return RewardEvidence(
        candidate=candidate, probes=probes_of(ledger, run, document),
        before=Measured(ledger.scores(run, BASE, document), before),
        after=Measured(ledger.scores(run, candidate, document), after),
        document=ledger.document(document), self_edit=ledger.self_edit(ledger.candidate(candidate).self_edit),
    )  # fmt: skip
