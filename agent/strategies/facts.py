"""Each fact asked in the clause that it hangs on, and every sentence twice beside it.

The questions teach the form of answers and the sentences tie the facts together; on short articles
and a 135M model this mix learned most a token (see LOG.md).
"""

from __future__ import annotations

from agent.parsing import facts, sentences
from agent.records import Document, Example
from agent.strategies.deterministic import DeterministicStrategy, asked


def make(document: Document) -> list[Example]:
    questions = [asked(document, fact.clause_question, fact) for fact in facts(document.text)]
    told = [Example(completion=f"{sentence}\n") for sentence in sentences(document.text)]
    titled = [Example(prompt=f"Topic: {document.title}\n", completion=example.completion) for example in told]
    return [*questions, *told, *titled]


STRATEGY = DeterministicStrategy(
    "facts", "each fact asked in its clause, with every sentence beside it", make, epochs=5
)
