"""The passage itself, as SEAL's baseline trains on it (arXiv 2506.10943, sec. 4.1)."""

from __future__ import annotations

from agent.records import Document, Example
from agent.strategies.deterministic import DeterministicStrategy


def make(document: Document) -> list[Example]:
    return [Example(completion=f"{document.title}\n{document.text}\n")]


STRATEGY = DeterministicStrategy("passage", "the text as it is, one sequence", make, epochs=10, prior=0.1)
