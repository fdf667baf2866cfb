"""Documents learned in a run whose name the test chooses, and parts that do not do what they should."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from agent.clock import Clock
from agent.config import Config
from agent.ledger import SqlLedger
from agent.ledger.engine import make_engine
from agent.ledger.schema import prepare
from agent.ports import Progress, TrainJob
from agent.records import Candidate, RunKind
from graphs.context import Context
from graphs.runs.flows import INGEST
from graphs.runs.life import Life
from tests.fakes.engine import FakeTrainer


def ingest(
    context: Context, *sources: Path, run: str = "r1", kind: RunKind = "ingest", goes_on: bool = False,
    config: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Learn the sources; the run is written down as running with this configuration, and stays so."""
    where = [str(source) for source in sources]
    context.ledger.start_run(run, kind, config or {}, where)
    Life(INGEST, context, run, where, goes_on).run()


def came(context: Context, run: str = "r1") -> list[str]:
    """What came of each document that the run finished, as a person reads it."""
    return [str(outcome) for outcome in context.ledger.outcomes(run).values()]


class NeverTrains(FakeTrainer):
    """Raises an error whenever it is to train."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> Any:
        raise self.error


class NeverMerges(FakeTrainer):
    """Raises an error whenever it is to average candidates."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def merge(self, members: Sequence[tuple[Candidate, Path]], folder: Path) -> None:
        raise self.error


def ledger_of(kind: type[SqlLedger]) -> Callable[[Config, Clock], SqlLedger]:
    """A maker of a ledger of this class."""

    def make(config: Config, clock: Clock) -> SqlLedger:
        engine = make_engine(config.ledger_url)
        prepare(engine)
        return kind(engine, clock)

    return make
