"""Two seals at once: in one home, into one ledger, and two demos, which forget what was there before."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.ledger import open_ledger
from agent.ports import Progress, TrainFailure, TrainJob
from agent.records import Document, Training
from app.cli.commands import demo
from app.cli.commands.ingest import learn
from app.cli.session import Session, alone
from tests.app.fake_seal import LENIENT, Seal
from tests.fakes.engine import FakeTrainer
from tests.fakes.house import fake_makers


def test_two_homes_with_one_ledger_take_turns(seal: Seal, articles: Path, tmp_path: Path) -> None:
    shared = ("--set", f"ledger.url=sqlite:///{tmp_path / 'shared.sqlite'}")
    assert seal("ingest", articles, *LENIENT, *shared).exit_code == 0
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with open_ledger(f"sqlite:///{tmp_path / 'shared.sqlite'}") as ledger, ledger.alone(lambda: None):
            inside.set()
            leave.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(20)
    threading.Timer(0.5, leave.set).start()
    done = Seal(tmp_path / "second home")("ingest", articles, *LENIENT, *shared)
    holder.join()
    assert "another seal is learning into the same ledger; waiting for it to end" in done.stderr
    assert done.stdout.startswith("Nothing new")


class SlowTrainer(FakeTrainer):
    """Waits in training until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.training, self.go_on = threading.Event(), threading.Event()

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]:
        self.training.set()
        self.go_on.wait(60)
        return super().train(jobs, progress)


def test_status_tells_a_run_that_is_at_work_from_one_that_was_cut_off(seal: Seal, articles: Path) -> None:
    with seal.context().ledger as ledger:  # type: ignore[attr-defined]
        ledger.start_run("killed", "ingest", {}, ["elsewhere"])
        ledger.add_document(Document.make("Tin", "The tin mine at Harl was shut."), "killed")
    told = seal.json("status")
    assert (told["last_run"]["status"], told["running"], told["unfinished"]) == ("cut off", None, {"killed": 1})
    assert told["outcomes"] == {"unfinished": 1}
    slow = SlowTrainer()
    session = Session(seal.home, makers=fake_makers(trainer=lambda _: slow))
    learner = threading.Thread(target=lambda: learn(session, [str(articles)]))
    learner.start()
    try:
        assert slow.training.wait(60)
        told, shown = seal.json("status"), seal("status").stdout
    finally:
        slow.go_on.set()
        learner.join()
    run = told["last_run"]["run"]
    assert (told["last_run"]["status"], told["unfinished"]) == ("running", {"killed": 1})
    assert told["running"].items() >= {"run": run, "process": os.getpid(), "documents_left": 2}.items()
    assert told["outcomes"] == {"unfinished": 1, "in work": 2}
    assert f"running    {run} now, in process {os.getpid()}; 2 documents left\n" in shown
    assert f"--resume {run}" not in shown
    assert "--resume killed" in shown
    told = seal.json("status")
    assert (told["last_run"]["status"], told["running"]) == ("done", None)


def test_a_second_demo_waits_before_it_forgets_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    home, slow = tmp_path / ".seal-demo", SlowTrainer()
    session = Session(makers=fake_makers(trainer=lambda _: slow))
    ended: list[str] = []

    def learn() -> None:
        try:
            demo.run(session)
            ended.append("well")
        except BaseException as error:  # noqa: BLE001
            ended.append(repr(error))

    demos = [threading.Thread(target=learn) for _ in range(2)]
    demos[0].start()
    assert slow.training.wait(60)
    demos[1].start()
    demos[1].join(1.0)
    assert (home / "ledger.sqlite").exists(), "the second demo took the home from under the first"
    slow.go_on.set()
    for each in demos:
        each.join()
    assert ended == ["well"] * 2
    with alone(home):
        assert len(Seal(home).context().ledger.runs()) == 1, "each demo starts afresh"
