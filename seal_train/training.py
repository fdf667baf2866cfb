"""Train many candidates at once. Each keeps its own data, order, learning rate, schedule, clipping and step count.

Axes: S slots, T positions, V vocabulary, N labelled positions, P adapter parameters.
One sequence a slot a step: for short documents the number of optimizer steps matters more than the
number of tokens (measured, see LOG.md).
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from torch import Tensor, nn

from agent.ports import Progress
from agent.records import Example, TrainSettings
from seal_train.base import Base
from seal_train.lora import Slots
from seal_train.loss import head_loss

BETAS, EPS, CLIP, WARMUP = (0.9, 0.999), 1e-8, 1.0, 0.05
JITTER, GOLDEN = 6.0, (math.sqrt(5) - 1) / 2
"""JITTER: tokens within which lengths count as about the same."""


@dataclass(frozen=True)
class Sequence_:
    """One training sequence: token ids, where the completion begins, and what the loss before it weighs."""

    ids: tuple[int, ...]
    start: int
    prompt_weight: float = 0.0


def encode(base: Base, examples: Sequence[Example], limit: int) -> list[Sequence_]:
    """The training sequences of examples, each of at most `limit` tokens: nearly always one an example.

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


@dataclass
class Course:
    """One candidate's way through its data: the order of every epoch, drawn from its own seed.

    Candidates of one batch take sequences of about the same length at the same step, so that little is padding:
    which part of the lengths a step takes from is the same for all (the golden ratio's multiples, which cover an
    epoch evenly), which sequence of that part is drawn.
    """

    settings: TrainSettings
    data: list[Sequence_]
    order: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        draw = random.Random(self.settings.seed)
        for _ in range(self.settings.epochs):
            left = sorted(range(len(self.data)), key=lambda i: len(self.data[i].ids) + draw.uniform(0, JITTER))
            while left:
                part = len(self.order) * GOLDEN % 1
                self.order.append(left.pop(int(part * len(left))))

    @property
    def steps(self) -> int:
        return len(self.order)

    def learning_rate(self, step: int) -> float:
        """Linear warm-up over the first 5% of steps, then linear decay to zero."""
        warm = max(1, round(WARMUP * self.steps))
        if step < warm:
            return self.settings.learning_rate * (step + 1) / warm
        return self.settings.learning_rate * (self.steps - step) / max(1, self.steps - warm)

    def epoch_losses(self) -> tuple[float, ...]:
        size = len(self.data)
        return tuple(sum(self.losses[i : i + size]) / size for i in range(0, len(self.losses), size))


class Optimizer:
    """torch's fused Adam over the flat weights, one parameter a slot: each has its own clipping, rate, step count."""

    def __init__(self, slots: Slots) -> None:
        assert slots.grad is not None
        self.grads = list(slots.grad)
        self.rows = [nn.Parameter(row) for row in slots.flat.detach()]
        groups = [{"params": [row]} for row in self.rows]
        self.adam = torch.optim.Adam(groups, betas=BETAS, eps=EPS, fused=True)

    def step(self, rates: Sequence[float]) -> None:
        """One step of the first len(rates) slots, each at its rate; the others stay as they are."""
        for row, grad, group, rate in zip(self.rows, self.grads, self.adam.param_groups, rates, strict=False):
            row.grad, group["lr"] = grad, rate
            nn.utils.clip_grad_norm_(row, CLIP)
        self.adam.step()
        for row in self.rows:
            row.grad = None


def train_courses(base: Base, slots: Slots, courses: Sequence[Course], progress: Progress | None = None) -> float:
    """Train slot i on courses[i]. Courses must come longest first, so that those still running are a prefix.

    Returns the seconds it took; every course's `losses` holds one mean loss a step.
    """
    assert all(a.steps >= b.steps for a, b in pairwise(courses)), "longest course first"
    optimizer, began = Optimizer(slots), time.perf_counter()
    for step in range(courses[0].steps):
        active = [c for c in courses if c.steps > step]
        losses_S = _loss(base, slots, [c.data[c.order[step]] for c in active])
        losses_S.sum().backward()
        optimizer.step([c.learning_rate(step) for c in active])
        for course, loss in zip(active, losses_S.tolist(), strict=True):
            course.losses.append(loss)
        if progress:
            progress(step + 1, courses[0].steps)
    return time.perf_counter() - began


def _loss(base: Base, slots: Slots, rows: Sequence[Sequence_]) -> Tensor:
    """Weighted mean cross-entropy of each row, [S]. Right padding: causal attention never looks at it."""
    longest = max(len(row.ids) for row in rows)
    ids_ST = torch.full((len(rows), longest), base.eos, dtype=torch.long)
    weight_ST = torch.zeros(len(rows), longest, dtype=slots.flat.dtype)
    for i, row in enumerate(rows):
        ids_ST[i, : len(row.ids)] = torch.tensor(row.ids)
        weight_ST[i, : row.start - 1] = row.prompt_weight
        weight_ST[i, row.start - 1 : len(row.ids) - 1] = 1.0
    ids_ST, weight_ST = ids_ST.to(base.device), weight_ST.to(base.device)
    with slots.on(len(rows)):
        hidden = base.hidden(input_ids=ids_ST, use_cache=False).last_hidden_state
    where_ST = weight_ST > 0
    losses_N = head_loss(hidden[where_ST], ids_ST.roll(-1, dims=1)[where_ST], base.loss_head)
    weighted_N = losses_N * weight_ST[where_ST]
    return losses_N.new_zeros(len(rows)).index_add(0, where_ST.nonzero()[:, 0], weighted_N) / weight_ST.sum(1)


def not_finite(course: Course) -> bool:
    return any(not math.isfinite(loss) for loss in course.losses)
