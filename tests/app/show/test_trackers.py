"""What trackers get of `seal improve`, read back by TensorBoard's own reader, and what a tracker can do wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from agent.errors import MissingExtra
from agent.ports.ledger import Ledger
from agent.records import Event
from app.show.round_plots import figures
from app.show.trackers import REPORT, Trackers
from tests.app import improving
from tests.app.fake_seal import Seal
from tests.app.improving import ARTICLES, practising
from tests.fakes.house import write_articles

SMALL = (*improving.SMALL, "--set", 'improve.report_to=["tensorboard"]')


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    return practising(tmp_path / "home")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "articles.jsonl", ARTICLES)


def read_back(home: Path, run: str) -> dict[str, list[tuple[int, float]]]:
    """Every figure with its steps, as TensorBoard shows them."""
    events = EventAccumulator(str(home / "reports" / "tensorboard" / run))
    events.Reload()
    return {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def trackers_of(ledger: Ledger, run: str, home: Path, said: list[str]) -> Trackers:
    return Trackers(["tensorboard"], ledger, run, home / "reports", said.append)


def test_tensorboard_gets_each_round_s_figures(seal: Seal, source: Path) -> None:
    run = seal.json("improve", source, *SMALL)["run"]
    told, ledger = read_back(seal.home, run), seal.context().ledger
    rounds = ledger.rounds(run)
    for round in rounds:
        for name, value in figures(ledger, round).items():
            assert dict(told[name])[round.number] == pytest.approx(value, rel=1e-5, abs=1e-6), name
    assert [step for step, _ in told["practice/reward"]] == [1, 2]
    learned = next(r for r in rounds[0].results if r.arm == "learned")
    gain = dict(told["heldout/learned/gain"])[1]
    assert gain == pytest.approx(fmean(t.gain for t in learned.trials), rel=1e-5)
    assert told["heldout/learned/low"][0][1] <= gain <= told["heldout/learned/high"][0][1]
    assert told["difference/learned/mean"][0][1] == pytest.approx(rounds[0].differences["learned"].mean, rel=1e-5)
    assert told.keys() >= {"calibration/spearman", "practice/tokens", "spent/seconds", "spent/gpu_hours", "spent/money"}
    assert [step for step, _ in told["calibration/spearman"]] == [2], "in the first round nothing was predicted"


class Killed:
    """The ledger of a process that is killed before it writes down that the second round was logged."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    def add_event(self, event: Event) -> None:
        if event.data == {"round": 2}:
            raise KeyboardInterrupt
        self.ledger.add_event(event)


def test_a_run_that_goes_on_goes_on_there(seal: Seal, source: Path) -> None:
    """One that was killed after a round's figures were logged, and before that was written down, logs them anew; the
    former ones do not count."""
    run = seal.json("improve", source, *SMALL[:-2])["run"]
    ledger, said = seal.context().ledger, list[str]()
    killed: Any = Killed(ledger)
    with pytest.raises(KeyboardInterrupt):
        trackers_of(killed, run, seal.home, said).report()
    again = trackers_of(ledger, run, seal.home, said)
    for _ in range(2):
        again.report()
    again.finish()
    assert [step for step, _ in read_back(seal.home, run)["practice/reward"]] == [1, 2]
    assert [e.data["round"] for e in ledger.events(run) if e.step == REPORT] == [1, 2]
    assert said == []


def test_a_tracker_that_is_not_installed_is_refused_before_anything_begins(
    seal: Seal, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)  # Python's own way to say that there is no such module
    done = seal("improve", source, *SMALL)
    assert done.exit_code == MissingExtra.exit_code
    assert "improve.report_to" in done.stderr
    assert "pip install 'seal[tensorboard]'" in done.stderr
    assert not (seal.home / "ledger.sqlite").exists()


def test_an_unknown_tracker_is_refused(seal: Seal, source: Path) -> None:
    done = seal("improve", source, *SMALL, "--set", 'improve.report_to=["tensorbored"]')
    assert done.exit_code == 2
    assert "improve.report_to" in done.stderr


def test_a_tracker_that_fails_stops_nothing(seal: Seal, source: Path) -> None:
    """Its rounds come with a later report, when it works again."""
    (seal.home / "reports").mkdir(parents=True)
    blocked = seal.home / "reports" / "tensorboard"
    blocked.write_text("no folder")
    done = seal("improve", source, *SMALL)
    assert done.exit_code == 0, done.output
    assert "tensorboard has not got the figures: " in done.stderr
    blocked.unlink()
    ledger = seal.context().ledger
    run = ledger.runs()[0].id
    assert {e.status for e in ledger.events(run) if e.step == REPORT} == {"failed"}
    late = trackers_of(ledger, run, seal.home, [])
    late.report()
    late.finish()
    assert [step for step, _ in read_back(seal.home, run)["practice/reward"]] == [1, 2]
