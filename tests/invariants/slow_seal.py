"""The seal command over a slow trainer, as a program of its own that can be sent signals or kills itself.

The probes that count are the questions that came with the documents.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

import graphs.runtime
from agent.config import Config
from agent.ports import Progress, TrainFailure, TrainJob
from agent.records import Event, Training
from app.cli import main
from graphs.runtime import Runtime
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.engine import FakeModel, FakeTrainer
from tests.fakes.house import ARTICLES

OPTIONS = (
    "--set", "probe.parsed=false", "--set", 'plan.strategies=["passage"]',
    "--set", "plan.candidates=2", "--set", "gate.min_probes=2", "--set", "gate.alpha=0.3",
)  # fmt: skip
"""Two held-out questions, both better: p = 0.25."""


class SlowTrainer(FakeTrainer):
    """Takes `seconds` for each candidate."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]:
        print("training", flush=True)  # noqa: T201  the test waits for this line
        time.sleep(self.seconds * len(jobs))
        return super().train(jobs, progress)


class SlowRuntime(Runtime):
    """The real runtime over the slow trainer. Kills its own process soon after `kill_after` events."""

    seconds, kill_after = 0.0, 0

    def __init__(self, config: Config, **more: Any) -> None:
        super().__init__(config, **more)
        self.told, self.listener, self.events = self.listener, self._count, 0
        answers = {str(q["question"]): str(q["answer"]) for a in ARTICLES for q in a["questions"]}
        self.__dict__["embedder"], self.__dict__["model"] = FakeEmbedder(), FakeModel(answers)
        self.__dict__["trainer"] = SlowTrainer(self.seconds)

    def _count(self, event: Event) -> None:
        self.events += 1
        if self.events == self.kill_after:
            threading.Thread(target=_die, daemon=True).start()
        if self.told:
            self.told(event)


def _die() -> None:
    time.sleep(random.random() * 0.05)
    os.kill(os.getpid(), signal.SIGKILL)


def program() -> None:
    """Arguments: seconds of training a candidate, events before it kills itself (0: never), then seal's own."""
    seconds, kill_after, *rest = sys.argv[1:]
    SlowRuntime.seconds, SlowRuntime.kill_after = float(seconds), int(kill_after)
    graphs.runtime.Runtime = SlowRuntime  # type: ignore[misc, assignment]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # where the tests run in the background, it is ignored
    sys.argv = ["seal", *rest]
    main()
