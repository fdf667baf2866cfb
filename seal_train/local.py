"""The trainer and the model behind the ports, on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from agent.errors import TrainerError
from agent.ports import Likelihood, Progress, Query, TrainFailure, TrainJob
from agent.records import Candidate, Training, TrainSettings
from seal_train.adapters import export, load, rank_of
from seal_train.answering import greedy, likelihoods
from seal_train.base import Base
from seal_train.lora import Slots, lowest_adapted
from seal_train.mean import merge
from seal_train.training import Course, encode, not_finite, train_courses

MAX_SEQUENCE = 1024
"""Most tokens in one training sequence. Longer examples are split where that is possible (see `encode`)."""
TOKENS_A_PASS = 4096
ADAPTERS_A_PASS = 16
"""Most adapters in memory at once, however many a call names."""
NO_MEMORY = "not enough memory to train it; lower the rank"
T = TypeVar("T")


def longest_sequence(base: Base) -> int:
    """The most tokens of one training sequence."""
    return min(MAX_SEQUENCE, base.positions)


class LocalTrainer:
    """All jobs in one batch against the frozen base, halved when memory is refused."""

    def __init__(self, base: Base) -> None:
        self.base = base

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]:
        """One result a job, in the order of the jobs.

        Raises:
            TrainerError: no memory for any of the candidates, or no place on the disk for an adapter.
        """
        results = self._halved(jobs, progress)
        if results and all(isinstance(result, TrainFailure) and result.reason == NO_MEMORY for result in results):
            raise TrainerError(
                "not enough memory to train one candidate", "lower the rank, e.g. with --set train.rank=4"
            )
        return results

    def merge(self, members: Sequence[tuple[Candidate, Path]], folder: Path) -> None:
        """As the port says.

        Raises:
            AdapterError: a member cannot be read.
            StoreError: the mean cannot be written.
        """
        merge(members, folder)

    def _halved(self, jobs: Sequence[TrainJob], progress: Progress | None) -> list[Training | TrainFailure]:
        """All jobs in one batch, or in halves where memory is refused; a job that does not fit alone has failed."""
        try:
            with self.base.lock:
                return self._train(jobs, progress)
        except (MemoryError, RuntimeError) as error:
            if not _no_memory(error):
                raise
        if len(jobs) == 1:
            return [TrainFailure(jobs[0].candidate.id, NO_MEMORY)]
        half = (len(jobs) + 1) // 2
        return self._halved(jobs[:half], progress) + self._halved(jobs[half:], progress)

    def _train(self, jobs: Sequence[TrainJob], progress: Progress | None) -> list[Training | TrainFailure]:
        limit = longest_sequence(self.base)
        courses = [Course(job.candidate.settings, encode(self.base, job.examples, limit)) for job in jobs]
        order = sorted(range(len(jobs)), key=lambda i: -courses[i].steps)
        lowest = [self._lowest(course.settings) for course in courses]
        rank = max(c.settings.rank for c in courses)
        slots = Slots(self.base.layers, self.base.switch, len(jobs), rank, train=True, lowest=min(lowest))
        for slot, i in enumerate(order):
            settings = courses[i].settings
            slots.init(slot, settings.rank, settings.alpha, settings.seed, lowest[i])
        seconds = train_courses(self.base, slots, [courses[i] for i in order], progress)
        place = {i: slot for slot, i in enumerate(order)}
        return [self._result(slots, place[i], job, courses[i], seconds / len(jobs)) for i, job in enumerate(jobs)]

    def _lowest(self, settings: TrainSettings) -> int:
        return lowest_adapted(self.base.layers, settings.top_layers)

    def _result(
        self, slots: Slots, slot: int, job: TrainJob, course: Course, seconds: float
    ) -> Training | TrainFailure:
        candidate, settings = job.candidate, course.settings
        if not_finite(course) or not slots.flat[slot].isfinite().all():
            return TrainFailure(candidate.id, "the loss was not a finite number; lower the learning rate")
        card = (
            f"# Candidate {candidate.id}\n\nLoRA adapter for `{self.base.name}`, trained on document "
            f"{candidate.document} with strategy `{candidate.strategy}`.\n\n"
            f"Settings: {settings.model_dump_json()}\n\nMean loss by epoch: {course.epoch_losses()}\n"
        )
        try:
            export(slots, slot, settings, self.base.name, card, job.folder)
        except OSError as error:
            raise TrainerError(
                f"cannot save the adapter to {job.folder}: {error.strerror or error}",
                "free some disk space, then go on with `seal ingest --resume`",
            ) from error
        tokens = sum(len(course.data[i].ids) for i in course.order)
        return Training(
            candidate=candidate.id, path=str(job.folder), losses=course.epoch_losses(),
            tokens=tokens, steps=course.steps, seconds=seconds,
        )  # fmt: skip


def _no_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or "out of memory" in str(error) or "can't allocate memory" in str(error)


class LocalModel:
    """Answers and likelihoods of the base and of any adapter on disk. Keeps the last set of adapters loaded."""

    def __init__(self, base: Base) -> None:
        self.base, self.name = base, base.name
        self._loaded: tuple[tuple[Path, ...], Slots] | None = None

    def answer(self, queries: Sequence[Query], max_tokens: int = 24) -> list[str]:
        ids = [self._ids(q.prompt) for q in queries]
        out = [""] * len(queries)
        with self.base.lock:
            for slots, rows in self._passes(queries, [len(i) for i in ids]):
                answers = greedy(self.base, slots, [ids[r] for r in rows], max_tokens)
                out = _placed(out, rows, answers)
        return out

    def likelihoods(self, queries: Sequence[Query], completions: Sequence[str]) -> list[Likelihood]:
        ids = [self._ids(q.prompt) for q in queries]
        targets = [self._ids(c) for c in completions]
        out = [Likelihood(0.0, False)] * len(queries)
        with self.base.lock:
            for slots, rows in self._passes(queries, [len(i) + len(t) for i, t in zip(ids, targets, strict=True)]):
                found = likelihoods(self.base, slots, [ids[r] for r in rows], [targets[r] for r in rows])
                out = _placed(out, rows, [Likelihood(*pair) for pair in found])
        return out

    def _ids(self, text: str) -> list[int]:
        return list(self.base.tokenizer(text, add_special_tokens=False).input_ids)

    def _passes(self, queries: Sequence[Query], lengths: Sequence[int]) -> Iterator[tuple[Slots | None, list[int]]]:
        """Split queries into forward passes: one adapter set each, rows slot-major, a bounded number of tokens.

        Every slot of a pass gets equally many rows; where an adapter has fewer, its last row is repeated. Each
        pass is to be done before the next is taken: the adapters of the next may replace its own.
        """
        groups: dict[Path | None, list[int]] = {}
        for i, query in enumerate(queries):
            groups.setdefault(query.adapter, []).append(i)
        bare = groups.pop(None, [])
        yield from ((None, chunk) for chunk in _chunks(bare, lengths, 1))
        folders = [folder for folder in groups if folder is not None]
        for start in range(0, len(folders), ADAPTERS_A_PASS):
            slots = self._slots(tuple(folders[start : start + ADAPTERS_A_PASS]))
            wanted = [groups[folder] for folder in folders[start : start + ADAPTERS_A_PASS]]
            width = max(len(rows) for rows in wanted)
            padded = [rows + [rows[-1]] * (width - len(rows)) for rows in wanted]
            columns = [list(column) for column in zip(*padded, strict=True)]
            for chunk in _chunks(list(range(width)), [max(lengths[r] for r in c) for c in columns], slots.count):
                yield slots, [columns[c][s] for s in range(slots.count) for c in chunk]

    def _slots(self, folders: tuple[Path, ...]) -> Slots:
        if self._loaded and self._loaded[0] == folders:
            slots = self._loaded[1]
            slots.bind()
            return slots
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


def _placed(out: list[T], rows: list[int], values: list[T]) -> list[T]:
    for row, value in zip(rows, values, strict=True):
        out[row] = value
    return out
