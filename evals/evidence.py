"""What was measured of a candidate beside the base: all that a reward or a gate may go by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from agent.records import Document, ProbeSet, Retention, Score, SelfEdit


@dataclass(frozen=True)
class Measured:
    """One subject's scores on a document's probes, and what it still knows of the general questions."""

    scores: Sequence[Score]
    retention: Retention

    @cached_property
    def by_probe(self) -> dict[str, Score]:
        return {score.probe: score for score in self.scores}


@dataclass(frozen=True)
class Evidence:
    """A candidate's scores and retention, `after`, and the base's, `before`, over the probes of its document."""

    candidate: str
    probes: ProbeSet
    before: Measured
    after: Measured

    @cached_property
    def measured(self) -> ProbeSet:
        """The probes that both have a score for. Others are no evidence, not even of nothing."""
        return self.probes.measured(self.before.scores, self.after.scores)


@dataclass(frozen=True)
class RewardEvidence(Evidence):
    """That, and the text which the candidate was trained on."""

    document: Document
    self_edit: SelfEdit
