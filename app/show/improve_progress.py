"""Progress of the outer loop on stderr: a bar over all rounds, a line for each round's verdict and its page.

Trackers get their figures at the same moments."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from agent.records import Event
from app.show.progress import RunProgress
from app.show.round_page import write_pages
from app.show.trackers import Trackers

if TYPE_CHECKING:
    from graphs.runs.life import Life

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
