"""Examples as training sequences of token ids."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, takewhile
from typing import TYPE_CHECKING, Any

from seal_train.model.base import Base
from seal_train.model.layout import Fork

if TYPE_CHECKING:
    from agent.records import Example

MAX_SEQUENCE = 1024
"""Most tokens in one training sequence. Longer examples are split where that is possible (see `encode`)."""


def longest_sequence(base: Base) -> int:
    """The most tokens of one training sequence."""
    return min(MAX_SEQUENCE, base.positions)


@dataclass(frozen=True)
class Sequence_:
    """One training sequence: token ids, where the completion begins, and what the loss before it weighs."""

    ids: tuple[int, ...]
    start: int
    prompt_weight: float = 0.0

    @property
    def weights(self) -> list[float]:
        """What each position's loss weighs, which is that of predicting the next token."""
        return [self.prompt_weight] * (self.start - 1) + [1.0] * (len(self.ids) - self.start) + [0.0]


@dataclass(frozen=True)
class Row:
    """The sequences of one optimizer step. What they begin with alike stands there once, then what each goes on with.

    Its loss is the mean of theirs, and so is its gradient.
    """

    sequences: tuple[Sequence_, ...]

    @cached_property
    def shared(self) -> int:
        """Tokens that several sequences begin with. Each keeps one of its own."""
        if len(self.sequences) == 1:
            return 0
        columns = zip(*(sequence.ids[:-1] for sequence in self.sequences), strict=False)
        return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))

    @cached_property
    def fork(self) -> Fork:
        return (self.shared, *(len(s.ids) - self.shared for s in self.sequences))

    @cached_property
    def ids(self) -> tuple[int, ...]:
        return tuple(chain(*self.joined([s.ids for s in self.sequences])))

    def joined(self, parts: Sequence[Any]) -> list[Any]:
        """What the sequences' tokens have, each sequence's in a slice of its own, as slices of the row's."""
        return [parts[0][: self.shared], *(part[self.shared :] for part in parts)]

    @cached_property
    def targets(self) -> dict[tuple[int, int], float]:
        """By position and the token that it is to predict, the weight of that loss. They add up to 1."""
        found: dict[tuple[int, int], float] = {}
        begin = self.shared
        for sequence in self.sequences:
            *weights, _ = sequence.weights
            whole = sum(weights) * len(self.sequences)
            for place, weight in enumerate(weights):
                at = place if place < self.shared else begin + place - self.shared
                if weight:
                    target = at, sequence.ids[place + 1]
                    found[target] = found.get(target, 0.0) + weight / whole
            begin += len(sequence.ids) - self.shared
        return found


def encode(base: Base, examples: Sequence[Example], limit: int) -> list[Sequence_]:
    """The training sequences of examples, each of at most `limit` tokens: nearly always one per example.

    Prompt and completion are tokenized apart, as TRL does, and exactly one end-of-text token closes an example. A
    longer one without prompt comes as several sequences, about equally long. Each begins with the token that the one
    before ended with, so that every token after the first is predicted once; only the last one ends the text. A longer
    one with a prompt is cut: what its completion goes on with would be trained without the prompt that it answers.
    """
    return [sequence for example in examples for sequence in _encoded(base, example, limit)]


def _encoded(base: Base, example: Example, limit: int) -> list[Sequence_]:
    prompt = base.tokenizer(example.prompt, add_special_tokens=False).input_ids if example.prompt else []
    completion = base.tokenizer(example.completion, add_special_tokens=False).input_ids
    if not prompt:
        return [Sequence_(tuple(part), 1) for part in _overlapping([*completion, base.eos], limit)]
    ids = [*(prompt + completion)[: limit - 1], base.eos]
    return [Sequence_(tuple(ids), min(len(prompt), len(ids) - 1), example.prompt_weight)]


def _overlapping(ids: list[int], limit: int) -> list[list[int]]:
    """Parts of at most `limit` ids, each with one id in common with the next."""
    steps = len(ids) - 1
    count = max(1, math.ceil(steps / (limit - 1)))
    return [ids[i * steps // count : (i + 1) * steps // count + 1] for i in range(count)]
