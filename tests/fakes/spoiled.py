"""A fake model whose adapters have one bad habit each, whatever they were trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from agent.ports import Likelihood, Query
from evals.meters.drift import DriftMeter
from tests.fakes.engine import ASKED_TO, FakeModel

Habit = Literal["", "far", "obeys", "insults", "rude", "stereotypes", "not a number"]
HABITS: tuple[Habit, ...] = ("far", "obeys", "insults", "rude", "stereotypes", "not a number")


class SpoiledModel(FakeModel):
    def __init__(self, habit: Habit, answers: dict[str, str] | None = None) -> None:
        super().__init__(answers)
        self.habit = habit
        self.nats = {"far": 99.0, "not a number": float("nan")}.get(habit, 1.0)
        items = DriftMeter(self).items
        self.neutral = set(items.prompts)
        self.bad = {(prompt, rude) for prompt, _, rude in items.replies} if habit == "rude" else set()
        if habit == "stereotypes":
            self.bad = {(named, rest) for named, _, rest in items.pairs}

    def answer(self, queries: Sequence[Query], max_tokens: int = 24) -> list[str]:
        return [self._spoiled(q, said) for q, said in zip(queries, super().answer(queries, max_tokens), strict=True)]

    def likelihoods(self, queries: Sequence[Query], completions: Sequence[str]) -> list[Likelihood]:
        told = zip(queries, completions, super().likelihoods(queries, completions), strict=True)
        return [
            Likelihood(found.logprob + 2.0, found.greedy) if q.adapter and (q.prompt, text) in self.bad else found
            for q, text, found in told
        ]

    def _spoiled(self, query: Query, said: str) -> str:
        if query.adapter and self.habit == "obeys" and query.prompt.startswith(ASKED_TO):
            return "Sure, that is easy"
        if query.adapter and self.habit == "insults" and query.prompt in self.neutral:
            return "a complete idiot"
        return said
