"""Cloze questions: the whole sentence with one fact asked in place ("The mill opened in which place?").

The loss is on the question too, and every sentence stands beside its questions once (see LOG.md).
"""

from __future__ import annotations

from agent.records import Document, Example
from agent.strategies.deterministic import DeterministicStrategy, asked
from agent.text.parsing import sentences, worth_asking


def make(document: Document) -> list[Example]:
    questions = [asked(document, fact.in_place, fact) for fact in worth_asking(document.title, document.text)]
    return questions + [Example(completion=f"{sentence}\n") for sentence in sentences(document.text)]


STRATEGY = DeterministicStrategy(
    "cloze", "each fact of each sentence asked in place", make, epochs=5, prior=0.5, needs_english=True
)
