"""What a method costs, and the clock and memory meter that find it out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch

from agent.records import TrainSettings
from benchmarks.inner.workload import Work
from seal_train.model.base import Base
from seal_train.model.frozen import frozen_products

PHASES = ("train", "decode", "score", "export")


@dataclass
class Cost:
    """Seconds over `candidates` by phase; `share` is the part of the training steps that was timed, the rest is
    extrapolated. `answers` and `logprobs` (mean, in nats a token) are by candidate and question."""

    candidates: int
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))
    tokens: int = 0
    """Trained on, without padding, over all epochs."""
    share: float = 1.0
    peak_memory: int = 0
    """Bytes: on a CPU resident memory of the process, with all methods' base models, on a GPU what was allocated."""
    answers: list[list[str]] = field(default_factory=list)
    logprobs: list[list[float]] = field(default_factory=list)

    @property
    def total(self) -> float:
        """Seconds end to end, for all candidates."""
        return sum(self.seconds.values())

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        _finish()
        began = time.perf_counter()
        yield
        _finish()
        self.seconds[name] += time.perf_counter() - began


class Method(Protocol):
    """One way to run the inner loop. It is built, with its base model loaded, before anything is timed."""

    name: str
    base: Base
    """Where its candidates' tokens come from; its head's number type is that of the method's products."""

    def run(self, work: Sequence[Work], settings: TrainSettings, folder: Path) -> Cost:
        """Train, ask, score and save every candidate, the i-th with seed i."""
        ...


def _finish() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


@contextmanager
def peak_memory(cost: list[int]) -> Iterator[None]:
    """Appends the most bytes that were in use at once in the block."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        yield
        cost.append(torch.cuda.max_memory_allocated())
        return
    done, most = threading.Event(), [_resident()]

    def watch() -> None:
        while not done.wait(0.02):
            most[0] = max(most[0], _resident())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        cost.append(most[0])


def _resident() -> int:
    """Bytes of this process in memory (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def matmul_peak(device: torch.device, dtype: torch.dtype) -> float:
    """The most FLOP a second that one large matrix product reaches here, best of several sizes, tries and libraries."""
    best = 0.0
    libraries: list[Callable[[], AbstractContextManager[None]]] = [nullcontext, frozen_products]
    for size in (1024, 2048, 4096) if device.type == "cpu" else (4096, 8192, 16384):
        a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
        for library in libraries * 4:
            _finish()
            began = time.perf_counter()
            with library():
                _ = a @ b
            _finish()
            best = max(best, 2 * size**3 / (time.perf_counter() - began))
    return best
