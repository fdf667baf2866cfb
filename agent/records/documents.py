"""Documents and the questions that came with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from agent.records.base import Record, content_id


class Question(Record):
    """A question with its reference answer, as it came with a document."""

    question: str
    answer: str


class Document(Record):
    """One piece of text to learn. `id` hashes title, text and part, so an exact duplicate has the same id, also where
    one of the two came with questions."""

    id: str
    title: str
    text: str
    source: str = ""
    published: str = ""
    questions: tuple[Question, ...] = ()
    part: int = 0
    parts: int = 1

    @classmethod
    def make(cls, title: str, text: str, **more: Any) -> Self:
        return cls(id=content_id("document", title, text, more.get("part", 0)), title=title, text=text, **more)

    def with_questions(self, more: Sequence[Question]) -> Self:
        """Itself with, after its own questions, those that it did not have. Its own keep their answers."""
        own = {q.question for q in self.questions}
        new = {q.question: q for q in more if q.question not in own}
        return self.model_copy(update={"questions": (*self.questions, *new.values())})
