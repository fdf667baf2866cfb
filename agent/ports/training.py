"""Who trains: candidates of documents, and writer policies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agent.records import Candidate, Example, Training
from agent.records.rounds import WriterTraining

Progress = Callable[[int, int], None]
"""Called with steps done and steps in all."""


@dataclass(frozen=True)
class TrainJob:
    candidate: Candidate
    examples: tuple[Example, ...]
    folder: Path
    """Where the trained adapter goes, as a PEFT folder. Appears whole or not at all."""


@dataclass(frozen=True)
class TrainFailure:
    candidate: str
    reason: str


class Trainer(Protocol):
    """Trains many candidates at once against one frozen base. `gpus` counts the accelerators that it works on, 0 on a
    CPU.

    Raises:
        TrainerError: nothing could be trained. A single candidate that fails is in the answer as an error.
    """

    @property
    def gpus(self) -> int: ...
    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]: ...

    def merge(self, members: Sequence[tuple[Candidate, Path]], folder: Path) -> None:
        """Write the mean of trained adapters as an adapter of its own, which appears whole or not at all.

        Raises:
            AdapterError: a member cannot be read.
            StoreError: the mean cannot be written.
        """
        ...


@dataclass(frozen=True)
class Lesson:
    """A text that was written on request, and the reward of what was trained on it."""

    system: str
    user: str
    text: str
    reward: float


class WriterTrainer(Protocol):
    """Trains the base model to write as the better rewarded lessons do. `gpus` counts the accelerators that it works
    on, 0 on a CPU."""

    @property
    def gpus(self) -> int: ...

    def train(
        self,
        method: WriterTraining,
        lessons: Sequence[Lesson],
        seed: int,
        folder: Path,
        dataset: Path,
        progress: Progress | None = None,
    ) -> bool:
        """Writes what is trained on to `dataset` and the adapter as a PEFT folder; both appear whole or not at all.
        False, and nothing is written, where the lessons hold nothing to learn from.

        Raises:
            TrainerError: it could not be trained.
            StoreError: the adapter or the dataset cannot be written.
        """
        ...
