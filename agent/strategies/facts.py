"""Each fact asked in the clause that it hangs on, and every sentence twice beside it.

The questions teach the form of answers, the sentences tie the facts together (see LOG.md).
"""

from __future__ import annotations

from agent.records import Document, Example
from agent.strategies.deterministic import DeterministicStrategy, asked
from agent.text.normal import spaced_words
from agent.text.parsing import Fact, sentences, worth_asking

SHORTEST_CLAUSE = 4
"""Words. Below that a clause does not say what is asked ("A what declared?"), and the whole sentence asks."""


def make(document: Document) -> list[Example]:
    questions = [asked(document, _question(fact), fact) for fact in worth_asking(document.title, document.text)]
    told = [f"{sentence}\n" for sentence in sentences(document.text)]
    titled = [Example(completion=f"Topic: {document.title}\n{sentence}") for sentence in told]
    return [*questions, *(Example(completion=sentence) for sentence in told), *titled]


def _question(fact: Fact) -> str:
    return fact.clause_question if len(spaced_words(fact.clause)) >= SHORTEST_CLAUSE else fact.in_place


STRATEGY = DeterministicStrategy(
    "facts", "each fact asked in its clause, with every sentence beside it", make, epochs=5, prior=0.55,
    needs_english=True,
)  # fmt: skip
