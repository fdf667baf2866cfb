"""The seal command over a slow trainer, as a program of its own that can be sent signals.

The probes that count are the questions that came with the documents.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence

from agent.ports import Progress, TrainFailure, TrainJob
from agent.records import Training
from app.cli.main import app
from tests.fakes.engine import FakeModel, FakeTrainer
from tests.fakes.house import ARTICLES, fake_makers

OPTIONS = (
    "--set", "probe.parsed=false", "--set", 'plan.strategies=["passage"]',
    "--set", "plan.candidates=2", "--set", "gate.min_probes=2", "--set", "gate.alpha=0.6",
)  # fmt: skip
"""Two held-out questions, both better: p = 0.5."""


class SlowTrainer(FakeTrainer):
    """Takes `seconds` for each candidate."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]:
        print("training", flush=True)  # noqa: T201  the test waits for this line
        time.sleep(self.seconds * len(jobs))
        return super().train(jobs, progress)


def program() -> None:
    """Arguments: seconds of training a candidate, then seal's own."""
    seconds, *rest = sys.argv[1:]
    answers = {str(q["question"]): str(q["answer"]) for a in ARTICLES for q in a["questions"]}
    makers = fake_makers(model=lambda _: FakeModel(answers), trainer=lambda _: SlowTrainer(float(seconds)))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # where the tests run in the background, it is ignored
    app(rest, prog_name="seal", obj=makers)
