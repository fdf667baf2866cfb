"""Weeks of rounds in a minute, a program of its own: what other tests leave open in a process would be counted too."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
from sqlalchemy import text

from agent.ledger import open_ledger
from agent.records import Event
from graphs.runs.flows import IMPROVE
from graphs.runs.life import begin
from tests.fakes.house import FakeContext, mills, write_articles

ARTICLES = mills(16)
SMALL = {
    "probe.parsed": "false", "probe.cloze": "false", "plan.strategies": '["passage", "sentences"]',
    "improve.documents": "2", "improve.self_edits": "2", "improve.heldout": "4", "improve.heldout_share": "0.5",
    "improve.free_gib": "0",
}  # fmt: skip
MIB = 2**20


@dataclass
class Measured:
    """Of each round: memory in MiB and open files at its end, and the seconds of its documents' steps."""

    rounds: int = 0
    events: int = 0
    memory: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    seconds: list[list[float]] = field(default_factory=list)


class Meter:
    """Listens to a run."""

    def __init__(self) -> None:
        self.process, self.measured = psutil.Process(), Measured()

    def listen(self, event: Event) -> None:
        if event.status == "started":
            return
        measured = self.measured
        if event.step == "open":
            measured.seconds.append([])
        elif event.step in ("check", "train", "evaluate", "reward", "close") and measured.seconds:
            measured.seconds[-1].append(event.seconds)
        elif event.step == "judge":
            measured.memory.append(self.process.memory_info().rss / MIB)
            measured.files.append(self.process.num_fds())


def long_run(home: Path, rounds: int, rows: int) -> Measured:
    """An improve run of `rounds` over a ledger that holds `rows` events of other runs before it begins."""
    meter = Meter()
    home.mkdir(parents=True)
    settings = {**SMALL, "improve.rounds": str(rounds)}
    context = FakeContext(home, settings, articles=ARTICLES, listener=meter.listen)
    with open_ledger(context.config.ledger_url) as ledger, ledger.transaction():
        for number in range(rows):
            ledger.add_event(Event(run=f"old-{number % 50}", step="train", message="done", at=1.0))
    run = begin(IMPROVE, context, [str(write_articles(home / "articles.jsonl", ARTICLES))], "improve")
    run.run()
    meter.measured.rounds = run.finish().rounds
    with context.ledger._read() as connection:  # type: ignore[attr-defined]
        meter.measured.events = connection.execute(text("SELECT count(*) FROM events")).scalar_one()
    return meter.measured


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(long_run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))) + "\n")
