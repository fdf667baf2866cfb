"""Each sentence as a sequence of its own: many short optimizer steps instead of one long one."""

from __future__ import annotations

from agent.records import Document, Example
from agent.strategies.deterministic import DeterministicStrategy
from agent.text.parsing import sentences


def make(document: Document) -> list[Example]:
    return [Example(completion=f"{sentence}\n") for sentence in sentences(document.text)]


STRATEGY = DeterministicStrategy("sentences", "each sentence as its own sequence", make, epochs=12, prior=0.25)
