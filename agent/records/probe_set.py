"""Which probes count for what: the one place that says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from agent.records.measures import Probe, Score
from agent.text.normal import wording


@dataclass(frozen=True)
class ProbeSet:
    """Probes of a document, or of several, in the order in which they were made. Every choice is a ProbeSet again."""

    probes: tuple[Probe, ...] = ()

    @classmethod
    def of(cls, probes: Iterable[Probe]) -> Self:
        return cls(tuple(probes))

    def __iter__(self) -> Iterator[Probe]:
        return iter(self.probes)

    def __len__(self) -> int:
        return len(self.probes)

    @property
    def in_use(self) -> Self:
        """Without those that questions which came later replace: what is made of a document where none is given.

        Nothing is asked in a question that is given, and no answer is asked for that is the answer to one.
        """
        given = self.given
        questions, answers = {wording(p.question) for p in given}, {wording(p.answer) for p in given}
        made = (p for p in self if p.kind != "given")
        kept = (p for p in made if wording(p.question) not in questions and wording(p.least) not in answers)
        return self.of((*given, *kept))

    def measured(self, *scores: Iterable[Score]) -> Self:
        """Those that everybody has a score for whose scores are given. A run is about the probes that it measured the
        base on: others came later, or were replaced before."""
        scored = [{score.probe for score in one} for one in scores]
        return self.of(p for p in self if all(p.id in probes for probes in scored))

    @property
    def given(self) -> Self:
        """Those that came with the document."""
        return self.of(p for p in self if p.kind == "given")

    @property
    def knowledge(self) -> Self:
        """Those that measure knowledge: their wording does not stand in the document."""
        return self.of(p for p in self if not p.recall)

    @property
    def recall(self) -> Self:
        """Those that measure recall of the document's wording, which proves nothing alone."""
        return self.of(p for p in self if p.recall)

    @property
    def untrainable(self) -> Self:
        """Those that no training text may repeat. The wording of a recall probe is the document's own."""
        return self.knowledge

    @property
    def asked_in_practice(self) -> Self:
        """Those that every candidate is asked to be rewarded, by `seal ingest` too: the reward half."""
        return self.of(p for p in self if p.half == "reward")

    @property
    def asked_in_test(self) -> Self:
        """Those that a policy's one candidate is asked on a held-out document, where nothing is rewarded."""
        return self.knowledge

    @property
    def rewarding(self) -> Self:
        """Those that the reward is the gain on: knowledge of the reward half, recall only where there is no other."""
        return self.asked_in_practice.knowledge or self.asked_in_practice.recall

    @property
    def held_out(self) -> Self:
        """Those that the gate asks for a gain in: knowledge that was never rewarded."""
        return self.of(p for p in self.knowledge if p.half == "heldout")

    @property
    def held_out_recall(self) -> Self:
        """Those that bear such a gain out: recall that was never rewarded."""
        return self.of(p for p in self.recall if p.half == "heldout")
