"""Train many candidates at once. Each keeps its own data, order, learning rate, schedule, clipping and step count.

Axes: S slots, P adapter parameters.
Few sequences per candidate and step: for short documents the number of optimizer steps matters more than the
number of tokens (measured, see LOG.md). The rows of a pass lie one after the other, without padding.
"""

from __future__ import annotations

import math
import random
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import accumulate

import torch
from torch import nn

from agent.ports import Progress
from agent.records import TrainSettings
from seal_train.model.attention import rows_apart
from seal_train.model.base import Base
from seal_train.model.encoding import Row, Sequence_
from seal_train.model.layout import Layout
from seal_train.model.lora import Slots
from seal_train.model.loss import Read, losses_of_rows, whole
from seal_train.training.lower import Lower, recomputing
from seal_train.training.room import Room, refusals

BETAS, EPS, CLIP, WARMUP = (0.9, 0.999), 1e-8, 1.0, 0.05
JITTER, GOLDEN = 6.0, (math.sqrt(5) - 1) / 2
"""JITTER: tokens within which lengths count as about the same."""


@dataclass
class Course:
    """One candidate's way through its data: the order of every epoch, drawn from its own seed.

    Candidates of one pass take sequences of about the same length at the same step, which makes passes cheaper:
    which part of the lengths a step takes from is the same for all (the golden ratio's multiples, which cover an
    epoch evenly), which sequence of that part is drawn.
    """

    settings: TrainSettings
    data: list[Sequence_]
    rows: list[Row] = field(default_factory=list)
    """Of each step. Sequences with a prompt, which begin alike, are taken `batch_size` at a time."""
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    """Its part of the passes' time, by its part of their tokens."""
    no_memory: bool = False
    """A single one of its sequences was refused memory; it was given up."""

    def __post_init__(self) -> None:
        draw = random.Random(self.settings.seed)
        for epoch in range(self.settings.epochs):
            left = sorted(range(len(self.data)), key=lambda i: len(self.data[i].ids) + draw.uniform(0, JITTER))
            prompted: list[Sequence_] = []
            for drawn in range(epoch * len(left), (epoch + 1) * len(left)):
                part = drawn * GOLDEN % 1
                one = self.data[left.pop(int(part * len(left)))]
                if one.start == 1:
                    self.rows.append(Row((one,)))
                else:
                    prompted.append(one)
                if len(prompted) == self.settings.batch_size:
                    self.rows.append(Row(tuple(prompted)))
                    prompted = []
            if prompted:
                self.rows.append(Row(tuple(prompted)))

    @property
    def steps(self) -> int:
        return len(self.rows)

    @property
    def longest(self) -> int:
        """The most tokens of a step."""
        return max(len(row.ids) for row in self.rows)

    @property
    def averaged(self) -> int:
        """The last steps, over whose weights the adapter is the mean."""
        return round(self.settings.tail_average * self.steps)

    @property
    def taken(self) -> int:
        """Steps that were taken."""
        return len(self.losses)

    @property
    def left(self) -> int:
        """Steps still to take."""
        return 0 if self.no_memory else self.steps - self.taken

    @property
    def next(self) -> Row:
        return self.rows[self.taken]

    def learning_rate(self, step: int) -> float:
        """Linear warm-up over the first 5% of steps, then linear decay to zero."""
        warm = max(1, round(WARMUP * self.steps))
        if step < warm:
            return self.settings.learning_rate * (step + 1) / warm
        return self.settings.learning_rate * (self.steps - step) / max(1, self.steps - warm)

    def epoch_losses(self) -> tuple[float, ...]:
        size = self.steps // self.settings.epochs
        return tuple(sum(self.losses[i : i + size]) / size for i in range(0, len(self.losses), size))


class Optimizer:
    """torch's fused Adam over the flat weights, one parameter per slot: each has its own clipping, rate, step count,
    and the mean of its weights after its last steps ("tail averaging", Jain et al. 2018, arXiv 1610.03774)."""

    def __init__(self, slots: Slots) -> None:
        assert slots.grad is not None
        self.slots = slots
        self.grads = list(slots.grad)
        self.rows = [nn.Parameter(row) for row in slots.flat.detach()]
        self.adam = torch.optim.Adam([{"params": [row]} for row in self.rows], betas=BETAS, eps=EPS, fused=True)
        self.moments = torch.zeros(2, *slots.flat.shape, dtype=slots.flat.dtype, device=slots.flat.device)
        self.means = torch.zeros_like(slots.flat)
        self.averaged = [0] * slots.count
        """Steps that each slot's mean is of."""

    def begin(self, slot: int) -> None:
        """Forget what the slot's last candidate left. Nothing is allocated in `step`, which must not fail halfway."""
        row = self.rows[slot]
        first, second = self.moments[:, slot].zero_()
        step = torch.zeros((), device=row.device)
        self.adam.state[row] = {"step": step, "exp_avg": first, "exp_avg_sq": second}
        self.averaged[slot] = 0

    def move(self, source: int, target: int) -> None:
        """Put what the slot `source` holds into the slot `target`."""
        self.begin(target)
        with torch.no_grad():
            self.slots.flat[target] = self.slots.flat[source]
        self.slots.scale[target] = self.slots.scale[source]
        self.moments[:, target], self.means[target] = self.moments[:, source], self.means[source]
        self.averaged[target] = self.averaged[source]
        self.adam.state[self.rows[target]]["step"].copy_(self.adam.state[self.rows[source]]["step"])

    def step(self, first: int, rates: Sequence[float]) -> None:
        """One step of the slots from `first` on, each at its rate; the others stay as they are."""
        slots = range(first, first + len(rates))
        for slot, rate in zip(slots, rates, strict=True):
            self.rows[slot].grad, self.adam.param_groups[slot]["lr"] = self.grads[slot], rate
            nn.utils.clip_grad_norm_(self.rows[slot], CLIP)
        self.adam.step()
        for slot in slots:
            self.rows[slot].grad = None

    @torch.no_grad()
    def average(self, slot: int) -> None:
        """Take the slot's weights, as this step left them, into their mean."""
        self.averaged[slot] += 1
        self.means[slot].lerp_(self.slots.flat[slot], 1 / self.averaged[slot])

    @torch.no_grad()
    def finish(self, slot: int) -> None:
        """What the slot holds becomes the mean, where there is one."""
        if self.averaged[slot]:
            self.slots.flat[slot] = self.means[slot]


def train_courses(
    base: Base, optimizer: Optimizer, courses: Sequence[Course], lowest: Sequence[int], room: Room,
    progress: Progress | None = None,
) -> Iterator[tuple[int, int]]:  # fmt: skip
    """Train all courses, as many at once as there are slots.

    Yields the index of each course that is done and the slot that holds its adapter, from decoder layer
    `lowest[index]` up, until the next is asked for: then the slot goes to a course that waits, the longest first, or
    to the one in the last slot, so that those in use are the first ones.
    """
    slots, steps = optimizer.slots, sum(course.steps for course in courses)
    passes = _Passes(base, optimizer, room)
    waiting = deque(sorted(range(len(courses)), key=lambda i: -courses[i].steps))
    live: list[int] = []

    def begin(slot: int) -> int:
        i, settings = waiting[0], courses[waiting[0]].settings
        slots.init(slot, settings.rank, settings.alpha, settings.seed, lowest[i])
        optimizer.begin(slot)
        return waiting.popleft()

    while waiting and len(live) < slots.count:
        live.append(begin(len(live)))
    first = 0
    while live:
        taken = passes.take(first, [courses[i] for i in live[first:]])
        if progress:
            progress(steps - sum(course.left for course in courses), steps)
        first += taken
        for slot in reversed(range(len(live))):
            if not courses[live[slot]].left:
                optimizer.finish(slot)
                yield live[slot], slot
                if waiting:
                    live[slot] = begin(slot)
                    continue
                if slot < len(live) - 1:
                    optimizer.move(len(live) - 1, slot)
                live[slot] = live[-1]
                live.pop()
        first = first if first < len(live) else 0


class _Passes:
    """Steps of courses side by side, as many at once as memory turns out to hold; nothing is lost where it refuses."""

    def __init__(self, base: Base, optimizer: Optimizer, room: Room) -> None:
        self.base, self.optimizer, self.tokens, self.again = base, optimizer, room.tokens, room.again
        self.lowest = optimizer.slots.lowest
        self.read: Read = Lower(base, self.lowest).hidden_of_rows if self.lowest else whole(base)

    def take(self, first: int, courses: Sequence[Course]) -> int:
        """One step of the first of these courses, which are in the slots from `first` on. Returns how many took it.

        0 where memory was refused. The next pass then has half as many tokens; where this one had a single sequence,
        its layers are run again in the backward pass; where that was refused, too, its course is given up.
        """
        totals = accumulate(len(course.next.ids) for course in courses)
        taken = courses[: max(1, sum(total <= self.tokens for total in totals))]
        with recomputing(self.base, self.lowest) if self.again else nullcontext():
            if self._step(first, taken):
                return len(taken)
        if len(taken) > 1:
            self.tokens = sum(len(course.next.ids) for course in taken) // 2
        elif not self.again:
            self.again = True
        else:
            taken[0].no_memory = True
        return 0

    def _step(self, first: int, taken: Sequence[Course]) -> bool:
        """False where memory was refused: then nothing has changed."""
        began, rows = time.perf_counter(), [course.next for course in taken]
        layout = Layout.forked([row.fork for row in rows])
        try:
            # On in the backward pass, too, in which layers may be run again.
            with refusals(), self.optimizer.slots.on(layout, first), rows_apart(self.base.model):
                losses_S = losses_of_rows(self.base, self.read, rows, layout)
                losses_S.sum().backward()
        except MemoryError:
            return False
        self.optimizer.step(first, [course.learning_rate(course.taken) for course in taken])
        losses = losses_S.tolist()
        a_token = (time.perf_counter() - began) / sum(len(row.ids) for row in rows)
        for slot, (course, row, loss) in enumerate(zip(taken, rows, losses, strict=True), first):
            course.seconds += a_token * len(row.ids)
            course.losses.append(loss)
            if course.left < course.averaged:
                self.optimizer.average(slot)
        return True
