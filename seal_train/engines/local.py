"""The trainer and the model behind the ports, on this machine."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from agent.errors import ModelError, TrainerError
from agent.ports import Divergence, Likelihood, Progress, Query, Request, Sampled, TrainFailure, TrainJob
from agent.records import Candidate, Training
from seal_train.adapters.folders import export, load, model_card, rank_of
from seal_train.adapters.mean import merge
from seal_train.inference.answering import divergences, greedy, likelihoods, shared_prefix
from seal_train.inference.sampling import chat_ids, sampled
from seal_train.model.base import Base
from seal_train.model.encoding import encode, longest_sequence
from seal_train.model.lora import Slots, lowest_adapted
from seal_train.training.loop import Course, Optimizer, train_courses
from seal_train.training.lower import kept_bytes
from seal_train.training.room import Room, plan_room, refusals

TOKENS_A_PASS = 4096
ADAPTERS_A_PASS = 16
"""Most adapters in memory at once, however many a call names."""
NO_MEMORY = "not enough memory to train it; lower the rank"
T = TypeVar("T")
Asked = Sequence[Query] | Sequence[Request]
Work = Callable[[Slots | None, list[int]], list[T]]
"""What is found for the rows of one pass, slot-major."""


class LocalTrainer:
    """The Trainer port: all jobs at once against the frozen base, or as many as there is memory for while the others
    wait."""

    def __init__(self, base: Base, plan: Callable[..., Room] = plan_room) -> None:
        self.base, self.gpus, self.plan = base, base.gpus, plan

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]:
        """One result per job, in their order. Raises TrainerError where there is no memory for any of the candidates,
        or no place on the disk for an adapter."""
        with self.base.lock:
            results = self._train(jobs, progress)
        if results and all(isinstance(result, TrainFailure) and result.reason == NO_MEMORY for result in results):
            raise _no_memory()
        return results

    def merge(self, members: Sequence[tuple[Candidate, Path]], folder: Path) -> None:
        merge(members, folder)

    def _train(self, jobs: Sequence[TrainJob], progress: Progress | None) -> list[Training | TrainFailure]:
        limit = longest_sequence(self.base)
        courses = [Course(job.candidate.settings, encode(self.base, job.examples, limit)) for job in jobs]
        lowest = [lowest_adapted(self.base.layers, course.settings.top_layers) for course in courses]
        optimizer, room = self._room(courses, min(lowest))
        results: dict[int, Training | TrainFailure] = {}
        for i, slot in train_courses(self.base, optimizer, courses, lowest, room, progress):
            results[i] = self._result(optimizer.slots, slot, jobs[i], courses[i])
        return [results[i] for i in range(len(jobs))]

    def _room(self, courses: Sequence[Course], lowest: int) -> tuple[Optimizer, Room]:
        """As many slots as there is memory for, with their optimizer. Raises TrainerError where not even one fits."""
        rank = max(course.settings.rank for course in courses)
        read = {sequence.ids for course in courses for sequence in course.data}
        make = partial(Slots, self.base.layers, self.base.switch, rank=rank, train=True, lowest=lowest)
        kept = kept_bytes(self.base, read) if lowest else 0
        room = self.plan(self.base, make, len(courses), max(course.longest for course in courses), kept)
        count = room.slots
        while count:
            with suppress(MemoryError), refusals():
                return Optimizer(make(count)), room
            count //= 2
        raise _no_memory()

    def _result(self, slots: Slots, slot: int, job: TrainJob, course: Course) -> Training | TrainFailure:
        candidate, settings = job.candidate, course.settings
        if course.no_memory:
            return TrainFailure(candidate.id, NO_MEMORY)
        if not all(map(math.isfinite, course.losses)) or not slots.flat[slot].isfinite().all():
            return TrainFailure(candidate.id, "the loss was not a finite number; lower the learning rate")
        card = model_card(
            f"Candidate {candidate.id}", self.base.name,
            f"trained on document {candidate.document} with strategy `{candidate.strategy}`.",
            f"Settings: {settings.model_dump_json()}", f"Mean loss by epoch: {course.epoch_losses()}",
        )  # fmt: skip
        try:
            export(slots, slot, settings, self.base.name, card, job.folder)
        except OSError as error:
            cause = f"cannot save the adapter to {job.folder}: {error.strerror or error}"
            raise TrainerError(cause, "free some disk space, then go on with `seal ingest --resume`") from error
        tokens = sum(len(row.ids) for row in course.rows)
        return Training(
            candidate=candidate.id, path=str(job.folder), losses=course.epoch_losses(),
            tokens=tokens, steps=course.steps, seconds=course.seconds,
        )  # fmt: skip


def _no_memory() -> TrainerError:
    return TrainerError("not enough memory to train one candidate", "lower the rank, e.g. with --set train.rank=4")


class LocalModel:
    """The LanguageModel port. Keeps the last set of adapters loaded. Raises ModelError where there is not enough
    memory."""

    def __init__(self, base: Base, at_once: int = ADAPTERS_A_PASS) -> None:
        self.base, self.name, self.gpus, self.at_once = base, base.name, base.gpus, at_once
        self._loaded: tuple[tuple[Path, ...], Slots] | None = None

    def answer(self, queries: Sequence[Query], max_tokens: int = 24) -> list[str]:
        ids = [self._ids(q.prompt) for q in queries]

        def continued(slots: Slots | None, rows: list[int]) -> list[str]:
            return greedy(self.base, slots, [ids[r] for r in rows], max_tokens)

        return self._asked(queries, ids, continued)

    def likelihoods(self, queries: Sequence[Query], completions: Sequence[str]) -> list[Likelihood]:
        ids = [self._ids(q.prompt) for q in queries]
        targets = [self._ids(c) for c in completions]

        def found(slots: Slots | None, rows: list[int]) -> list[Likelihood]:
            pairs = likelihoods(self.base, slots, [ids[r] for r in rows], [targets[r] for r in rows])
            return [Likelihood(*pair) for pair in pairs]

        return self._asked(queries, [i + t for i, t in zip(ids, targets, strict=True)], found)

    def sample(self, requests: Sequence[Request], max_tokens: int, temperature: float) -> list[Sampled]:
        ids = [chat_ids(self.base, request.system, request.user) for request in requests]

        def drawn(slots: Slots | None, rows: list[int]) -> list[Sampled]:
            seeds = [requests[r].seed for r in rows]
            return sampled(self.base, slots, [ids[r] for r in rows], max_tokens, temperature, seeds)

        return self._asked(requests, [row + [self.base.eos] * max_tokens for row in ids], drawn)

    def divergences(self, queries: Sequence[Query]) -> list[Divergence]:
        ids = [self._ids(q.prompt) for q in queries]

        def found(slots: Slots | None, rows: list[int]) -> list[Divergence]:
            own = [ids[r] for r in rows]
            nats = divergences(self.base, slots, own) if slots else [0.0] * len(own)
            return [Divergence(n, len(row)) for n, row in zip(nats, own, strict=True)]

        return self._asked(queries, ids, found)

    def turn(self, request: str) -> str:
        tokenizer = self.base.tokenizer
        if not tokenizer.chat_template:
            return f"{request}\n"
        said = [{"role": "user", "content": request}]
        return str(tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True))

    def _ids(self, text: str) -> list[int]:
        return list(self.base.tokenizer(text, add_special_tokens=False).input_ids)

    def _asked(self, queries: Asked, ids: Sequence[list[int]], work: Work[T]) -> list[T]:
        """What the work finds for each query, pass by pass."""
        out: dict[int, T] = {}
        with self.base.lock:
            for slots, rows in self._passes(queries, ids):
                out |= zip(rows, _halved(slots, rows, work), strict=True)
        return [out[r] for r in range(len(queries))]

    def _passes(self, queries: Asked, ids: Sequence[list[int]]) -> Iterator[tuple[Slots | None, list[int]]]:
        """Split queries into forward passes: one adapter set each, rows slot-major, a bounded number of tokens after
        what all begin with.

        Every slot of a pass gets equally many rows; where an adapter has fewer, its last row is repeated. Each
        pass is to be done before the next is taken: the adapters of the next may replace its own.
        """
        groups: dict[Path | None, list[int]] = {}
        adapters = [query.adapter for query in queries]
        prefix = shared_prefix(ids) if ids else 0
        lengths = [len(row) - prefix for row in ids]
        for i, adapter in enumerate(adapters):
            groups.setdefault(adapter, []).append(i)
        bare = groups.pop(None, [])
        yield from ((None, chunk) for chunk in _chunks(bare, lengths, 1))
        folders = [folder for folder in groups if folder is not None]
        for start in range(0, len(folders), self.at_once):
            slots = self._slots(tuple(folders[start : start + self.at_once]))
            wanted = [groups[folder] for folder in folders[start : start + self.at_once]]
            width = max(len(rows) for rows in wanted)
            padded = [rows + [rows[-1]] * (width - len(rows)) for rows in wanted]
            columns = [list(column) for column in zip(*padded, strict=True)]
            for chunk in _chunks(list(range(width)), [max(lengths[r] for r in c) for c in columns], slots.count):
                yield slots, [columns[c][s] for s in range(slots.count) for c in chunk]

    def _slots(self, folders: tuple[Path, ...]) -> Slots:
        if self._loaded and self._loaded[0] == folders:
            return self._loaded[1]
        rank = max(rank_of(folder) for folder in folders)
        slots = Slots(self.base.layers, self.base.switch, len(folders), rank, train=False)
        for slot, folder in enumerate(folders):
            load(slots, slot, folder)
        self._loaded = (folders, slots)
        return slots


def _chunks(items: list[int], lengths: Sequence[int], rows_each: int) -> list[list[int]]:
    """Runs of items, longest together, whose padded tokens stay under the bound of one pass."""
    queue = iter(sorted(items, key=lambda i: -lengths[i]))
    out: list[list[int]] = []
    while (first := next(queue, None)) is not None:
        size = max(1, TOKENS_A_PASS // (lengths[first] * rows_each))
        out.append([first, *islice(queue, size - 1)])
    return out


def _halved(slots: Slots | None, rows: list[int], work: Work[T]) -> list[T]:
    """The work on one pass; where its memory is refused, on half as many rows of each slot after the other."""
    try:
        with refusals():
            return work(slots, rows)
    except MemoryError as error:
        width = len(rows) // (slots.count if slots else 1)
        if width == 1:
            raise ModelError("not enough memory to ask the model", "free some, or lower [plan] candidates") from error
    found: dict[int, T] = {}
    for half in (range(width // 2), range(width // 2, width)):
        some = [start + column for start in range(0, len(rows), width) for column in half]
        found |= zip(some, _halved(slots, [rows[place] for place in some], work), strict=True)
    return [found[place] for place in range(len(rows))]
