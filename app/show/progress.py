"""Progress on stderr: one bar over all documents, with the step in hand and an honest remaining time. Of the outer loop
also a line for each round's verdict and its page; trackers get their figures at the same moments."""

from __future__ import annotations

import sys
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn
from rich.text import Text

from agent.records import Event
from app.show.round_page import write_pages
from app.show.trackers import Trackers

if TYPE_CHECKING:
    from graphs.runs.life import Life

BEGINS = {
    "read": 0.0, "probe": 0.0, "recall": 0.07, "plan": 0.08, "write": 0.09, "sample": 0.09, "check": 0.1, "train": 0.11,
    "evaluate": 0.74, "reward": 0.82, "select": 0.82, "merge": 0.82, "gate": 0.83, "publish": 0.99, "close": 1.0,
    "examine": 0.0,
}  # fmt: skip
"""The share of a document's time that lies before each step, from measured runs on a CPU."""
TRAINING = BEGINS["evaluate"] - BEGINS["train"]
SAID = {
    "read": "reading sources", "load-model": "loading the model (the first time it is converted)",
    "probe": "probes and the base", "train": "training the candidates", "sample": "writing",
    "evaluate": "asking the candidates", "gate": "held-out test", "publish": "publishing",
    "examine": "asking through the router", "learn": "learning a policy",
    "train-writer": "training a writer", "drift": "measuring drift",
}  # fmt: skip


class Left(ProgressColumn):
    """The remaining time where there is an estimate, else the time that has passed, and which of the two it is."""

    def render(self, task: Task) -> Text:
        left = task.time_remaining if task.total and not task.finished else None
        seconds, what = (left, "left") if left is not None else (task.elapsed or 0.0, "so far")
        return Text(f"{timedelta(seconds=int(seconds))} {what}")


def bar(console: Console) -> Progress:
    """One bar over everything, on a terminal only."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(bar_width=12), TaskProgressColumn(), Left(),
        console=console, disable=not console.is_terminal, speed_estimate_period=600,
    )  # fmt: skip


class RunProgress:
    """A bar over the documents of a run, `done` of `total`. What a listener adds: what it tells of which event."""

    def __init__(self) -> None:
        self.console = Console(file=sys.stderr, highlight=False)
        self.live = self.console.is_terminal
        self.bar = bar(self.console)
        self.task = self.bar.add_task("starting", total=None)
        self.total = 0
        self.done = 0

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.bar.stop()

    def begin(self, life: Life[Any]) -> None:
        """Called when the run is about to begin or to go on."""
        self.total = life.left if life.goes_on else 0

    def trained(self, step: int, steps: int) -> None:
        """Called after every optimizer step."""
        self.at(BEGINS["train"] + TRAINING * step / steps)

    def begins(self, step: str, place: str) -> None:
        """Show what begins, and at which place."""
        if step in SAID:
            self.bar.update(self.task, description=place + SAID[step])
        self.at(BEGINS.get(step, 0.0))

    def say(self, text: str) -> None:
        self.console.print(text, markup=False, soft_wrap=True)

    def at(self, share: float) -> None:
        """So much of the document in hand is done."""
        if self.total:
            self.bar.update(self.task, total=self.total, completed=min(self.total, self.done + share))


class IngestProgress(RunProgress):
    """Listens to the events of a run. Without a terminal it prints a plain line for each source and document."""

    def listen(self, event: Event) -> None:
        """Called with every event of the run, and once more before each step begins."""
        if event.status == "started":
            self.begins(event.step, f"[{self.done + 1}/{self.total}] " if self.done < self.total else "")
        elif event.step == "read" and event.status == "ok":
            told = event.data
            again = int(told.get("again", 0))
            self.total += int(told.get("new", 0)) + again
            anew = f"{again} to learn again, " if again else ""
            self._line(f"{event.subject}: {told.get('new', 0)} new, {anew}{told.get('skipped', 0)} known, "
                       f"{told.get('failed', 0)} not readable")  # fmt: skip
        elif event.step == "close":
            self.done += 1
            self._line(f"[{self.done}/{self.total}] {event.data.get('title', event.document)}: {event.message}")
        elif event.step == "examine" and event.data.get("questions"):
            told = event.data
            made = told["questions"] - told["given"]
            self._line(f"{told['questions']} questions through the router ({told['given']} that came with the "
                       f"documents, {made} that seal made): {told['own']} to their own document's "
                       f"adapter, {told['other']} to another one, {told['base']} to the base")  # fmt: skip

    def _line(self, text: str) -> None:
        if not self.live:
            self.say(text)


DOING: dict[str, str] = {"practice": "practising", "held-out": "testing"}
"""By the kind of a round's run."""
HERE = {"open": "practising", "learn": "testing"}
"""After a step of the outer loop."""


class ImproveProgress(RunProgress):
    """Listens to the events of a run and of its rounds. Without a terminal it prints a plain line for each document."""

    place = ""

    def begin(self, life: Life[Any]) -> None:
        config, ledger, run = life.context.config, life.context.ledger, life.name
        self.config, self.ledger, self.run = config, ledger, run
        self.trackers = Trackers(config.improve.report_to, ledger, run, config.reports_dir, self.say)
        a_round = config.improve.documents + config.improve.heldout
        self.total = config.improve.rounds * a_round
        number = len(ledger.rounds(run)) + 1
        self.done = (number - 1) * a_round
        for child in life.flow.at_work(ledger, run):  # it goes on in the middle of a round
            self.place = f"round {number}, {DOING[ledger.run(child).kind]}: "
            self.done += len(ledger.outcomes(child))

    def __enter__(self) -> Self:
        self.trackers.report()  # what a process that was killed had not come to
        return super().__enter__()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        super().__exit__(kind, error, at)
        self.trackers.finish()

    def listen(self, event: Event) -> None:
        """Called with every event, and once more before each step begins."""
        if event.status == "started":
            self.begins(event.step, self.place)
        elif event.status != "ok":
            return
        elif event.step == "read" and event.run == self.run:
            told = event.data
            self.say(f"{told['practice']} documents to practise on, {told['heldout']} held out")
        elif event.step in HERE and not event.message:
            self.place = f"round {event.data['round']}, {HERE[event.step]}: "
        elif event.step == "close":
            self.done += 1
            if not self.live:
                self.say(f"{self.place}{event.data['title']}: {event.message}")
        elif event.step == "judge":
            self.say(f"round {event.data['round']}: {event.message}")
            self.say(f"page: {write_pages(self.ledger, self.run, self.config.reports_dir)}")
            self.trackers.report()
