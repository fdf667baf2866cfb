"""A strategy that needs no model: a function from a document to training sequences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent.models.prompts import answer_completion, question_prompt
from agent.ports import Chat
from agent.records import Document, Example
from agent.text.parsing import Fact

PROMPT_WEIGHT = 1 / 3
"""Some loss on the question ties its words to the fact; as much as on the answer teaches less (see LOG.md)."""


@dataclass(frozen=True)
class DeterministicStrategy:
    name: str
    description: str
    make: Callable[[Document], list[Example]]
    epochs: int | None
    prior: float
    needs_model: bool = False
    needs_english: bool = False

    def write(self, document: Document, instruction: str, chat: Chat | None) -> list[Example]:
        """The same document always gives the same sequences; `instruction` and `chat` are not used."""
        return self.make(document)


def asked(document: Document, question: str, fact: Fact) -> Example:
    """A fact as a training sequence in the form in which questions are asked."""
    prompt = question_prompt(document.title, question)
    return Example(prompt=prompt, completion=answer_completion(fact.answer), prompt_weight=PROMPT_WEIGHT)
