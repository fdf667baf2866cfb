"""Progress of the outer loop on stderr: a bar over all rounds, a line for each round's verdict and its page.

Trackers get their figures at the same moments."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console

from agent.config import Config
from agent.ledger_port import Ledger
from agent.records import Event
from app.progress import BEGINS, SAID, TRAINING, bar
from app.round_page import write_pages
from app.trackers import Trackers

HERE = {"open": "practising", "learn": "testing"}


class ImproveProgress:
    """Listens to the events of a run and of its rounds. Without a terminal it prints a plain line for each document."""

    def __init__(self) -> None:
        self.console = Console(file=sys.stderr, highlight=False)
        self.bar = bar(self.console)
        self.task = self.bar.add_task("starting", total=None)
        self.done, self.total, self.place = 0, 0, ""

    def begin(self, config: Config, ledger: Ledger, run: str) -> None:
        self.config, self.ledger, self.run = config, ledger, run
        self.trackers = Trackers(config.improve.report_to, ledger, run, config.reports_dir, self._say)
        a_round = config.improve.documents + config.improve.heldout
        self.total = config.improve.rounds * a_round
        self.done = len(ledger.rounds(run)) * a_round

    def __enter__(self) -> Self:
        self.bar.start()
        self.trackers.report()  # what a process that was killed had not come to
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.bar.stop()
        self.trackers.finish()

    def listen(self, event: Event) -> None:
        """Called with every event, and once more before each step begins."""
        if event.status == "started":
            if event.step in SAID:
                self.bar.update(self.task, description=f"{self.place}{SAID[event.step]}")
            self._at(BEGINS.get(event.step, 0.0))
        elif event.status != "ok":
            return
        elif event.step == "read" and event.run == self.run:
            told = event.data
            self._say(f"{told['practice']} documents to practise on, {told['heldout']} held out")
        elif event.step in HERE and not event.message:
            self.place = f"round {event.data['round']}, {HERE[event.step]}: "
        elif event.step == "close":
            self.done += 1
            if not self.console.is_terminal:
                self._say(f"{self.place}{event.data['title']}: {event.message}")
        elif event.step == "judge":
            self._say(f"round {event.data['round']}: {event.message}")
            self._say(f"page: {write_pages(self.ledger, self.run, self.config.reports_dir)}")
            self.trackers.report()

    def trained(self, step: int, steps: int) -> None:
        """Called after every optimizer step."""
        self._at(BEGINS["train"] + TRAINING * step / steps)

    def _say(self, text: str) -> None:
        self.console.print(text, markup=False, soft_wrap=True)

    def _at(self, share: float) -> None:
        self.bar.update(self.task, total=self.total, completed=min(self.total, self.done + share))
