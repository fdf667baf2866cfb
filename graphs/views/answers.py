"""Answers, and why they are what they are."""

from __future__ import annotations

from typing import Literal

from agent.records import Record

WhyBase = Literal["asked for", "none near", "nothing published", "all taken back"]
"""Why the base answered: it alone was asked, no document is near the question, or no adapter is there to answer."""


class Considered(Record):
    """An adapter that might have answered. `distance` is the cosine distance of the question to its document."""

    adapter: str
    title: str
    distance: float


class Answer(Record):
    """An answer with its adapter, or with why the base gave it.

    `document` is the title of the adapter's document and `distance` that of the question to it. `told` is the title
    that the base was told where it alone was asked. `considered` are the nearest adapters, nearest first.
    """

    question: str
    answer: str
    adapter: str | None
    document: str | None
    distance: float | None
    base_answer: str
    model: str
    considered: tuple[Considered, ...]
    told: str = ""
    why_base: WhyBase | None = None


class TrainingLine(Record):
    """A training sequence and its influence on an answer: `dot` product and `cosine` of its gradient with the answer's.

    `strategies` names the self-edits that hold it, once each; `states_answer` says whether the answer stands in it.
    """

    prompt: str
    completion: str
    strategies: tuple[str, ...]
    cosine: float
    dot: float
    states_answer: bool

    @property
    def text(self) -> str:
        return self.prompt + self.completion


class ModuleChange(Record):
    """What an adapter adds to one weight matrix: norms of the change and of the `base`'s weight, and their ratio."""

    module: str
    layer: int
    kind: str
    norm: float
    base: float
    relative: float


class Explanation(Record):
    """Of an answer that an adapter gave. What moved most stands first; an empty answer was moved by no line.

    `strategies` are those of the candidates that the adapter is made of, best one first.
    """

    strategies: tuple[str, ...]
    modules: tuple[ModuleChange, ...]
    lines: tuple[TrainingLine, ...]
