"""Each round's figures to experiment trackers, by the clients of them that accelerate has.

They work outside of training: they need no Accelerator, only accelerate's record of the processes that there are.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import MissingExtra
from agent.ports.ledger import Ledger
from agent.records import Event
from agent.records.rounds import Round
from app.show.round_plots import figures

if TYPE_CHECKING:
    from accelerate.tracking import GeneralTracker

PROJECT = "seal"
REPORT = "report"
"""The step of the events that say which round a tracker has."""


def check(names: Sequence[str]) -> None:
    """Raises MissingExtra where a tracker is not installed."""
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise MissingExtra(f'improve.report_to = ["{name}"]', name)


class Trackers:
    """The trackers of one run of the outer loop. `report` is called when there may be a new round.

    Which rounds a tracker has stands in the ledger, so a run that goes on goes on there, with the next one. A tracker
    that fails stops nothing: the failure is written down, and its rounds come with the next report.
    """

    def __init__(
        self, names: Sequence[str], ledger: Ledger, run: str, folder: Path, say: Callable[[str], None]
    ) -> None:
        """`folder` is for those that keep files of their own."""
        self.names, self.ledger, self.run, self.folder, self.say = names, ledger, run, folder, say
        self._begun: dict[str, GeneralTracker] = {}

    def finish(self) -> None:
        """Close what was begun. A tracker may send what it has only now."""
        for name, tracker in self._begun.items():
            self._guarded(name, partial(_finish, name, tracker))

    def report(self) -> None:
        """Log the rounds that a tracker does not have yet."""
        told = [e for e in self.ledger.events(self.run) if e.step == REPORT and e.status == "ok"]
        for name in self.names:
            last = max((int(e.data["round"]) for e in told if e.subject == name), default=0)
            for round in self.ledger.rounds(self.run)[last:]:
                if not self._guarded(name, partial(self._log, name, round)):
                    break

    def _log(self, name: str, round: Round) -> None:
        if name not in self._begun:
            self._begun[name] = _start(name, self.run, self.folder, round.number)
        self._begun[name].log(figures(self.ledger, round), step=round.number)
        self._written(name, data={"round": round.number})

    def _guarded(self, name: str, act: Callable[[], None]) -> bool:
        """Whether it went well. What a tracker may raise is anything: its server, its disk, its login."""
        try:
            with redirect_stdout(sys.stderr):  # stdout is for the result of the command
                act()
        except Exception as error:  # noqa: BLE001
            why = f"{type(error).__name__}: {error}".splitlines()[0]
            self._written(name, status="failed", message=why)
            self.say(f"{name} has not got the figures: {why}")
            return False
        return True

    def _written(self, name: str, **more: Any) -> None:
        event = {"run": self.run, "step": REPORT, "subject": name, "at": time.time(), **more}
        self.ledger.add_event(Event.model_validate(event))


def _start(name: str, run: str, folder: Path, number: int) -> GeneralTracker:
    """The tracker's own run of that name: the one that is there, or a new one. `number` is the first round to come."""
    from accelerate import PartialState, tracking

    PartialState()  # their log messages ask it which process this is
    folder.mkdir(parents=True, exist_ok=True)
    tracker: GeneralTracker
    if name == "tensorboard":
        # What a process that was killed has logged of this round does not count then.
        tracker = tracking.TensorBoardTracker(run, folder / name, purge_step=number)
    elif name == "wandb":
        tracker = tracking.WandBTracker(PROJECT, id=run, name=run, resume="allow", dir=str(folder))
    elif name == "trackio":
        tracker = tracking.TrackioTracker(PROJECT, name=run, resume="allow", auto_log_cpu=False, auto_log_gpu=False)
    else:
        tracker = tracking.MLflowTracker(PROJECT, run_name=run, run_id=_mlflow_run(run, folder))
    tracker.start()
    return tracker


def _finish(name: str, tracker: GeneralTracker) -> None:
    tracker.finish()
    if name == "trackio":  # else it does so once more when the process ends, and says so on stdout
        import trackio

        with suppress(RuntimeError):  # it was begun in another thread, whose end it does not look at
            trackio.finish()


def _mlflow_run(run: str, folder: Path) -> str | None:
    """The id of MLflow's run of that name, where there is one. Without a server it keeps its runs in a file here."""
    import mlflow

    if "MLFLOW_TRACKING_URI" not in os.environ:
        mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    found = mlflow.search_runs(
        experiment_names=[PROJECT], filter_string=f"attributes.run_name = '{run}'", output_format="list"
    )
    return str(found[0].info.run_id) if found else None
