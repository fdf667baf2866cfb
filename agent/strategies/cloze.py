"""Cloze questions: the whole sentence with one fact asked in place ("The mill opened in which place?")."""

from __future__ import annotations

from agent.parsing import facts
from agent.records import Document, Example
from agent.strategies.deterministic import DeterministicStrategy, asked


def make(document: Document) -> list[Example]:
    return [asked(document, fact.in_place, fact) for fact in facts(document.text)]


STRATEGY = DeterministicStrategy("cloze", "each fact of each sentence asked in place", make, epochs=5)
