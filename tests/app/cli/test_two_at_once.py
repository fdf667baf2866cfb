"""Two seals at once: in one home, into one ledger, and two demos, which forget what was there before."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from agent.config import load_config
from agent.ledger import open_ledger
from agent.records import Document
from app.cli.commands import demo
from app.cli.commands.ingest import learn
from app.cli.session import alone
from tests.app.fake_seal import LENIENT, CommandRuntime, Seal, use_fake


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


class Slow(CommandRuntime):
    """Waits in training until it is told to go on."""

    training, go_on = threading.Event(), threading.Event()

    def __init__(self, *arguments: object, **more: object) -> None:
        super().__init__(*arguments, **more)  # type: ignore[arg-type]
        train = self.fake_trainer.train

        def slowly(*given: object) -> object:
            self.training.set()
            self.go_on.wait(60)
            return train(*given)  # type: ignore[arg-type]

        self.fake_trainer.train = slowly  # type: ignore[method-assign, assignment]


class SlowToo(Slow):
    training, go_on = threading.Event(), threading.Event()


def test_status_tells_a_run_that_is_at_work_from_one_that_was_cut_off(
    seal: Seal, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with seal.context().ledger as ledger:  # type: ignore[attr-defined]
        ledger.start_run("killed", "ingest", {}, ["elsewhere"])
        ledger.add_document(Document.make("Tin", "The tin mine at Harl was shut."), "killed")
    told = seal.json("status")
    assert (told["last_run"]["status"], told["running"], told["unfinished"]) == ("cut off", None, {"killed": 1})
    assert told["outcomes"] == {"unfinished": 1}
    use_fake(monkeypatch, SlowToo)
    learner = threading.Thread(target=lambda: learn(load_config(home=seal.home), [str(articles)]))
    learner.start()
    try:
        assert SlowToo.training.wait(60)
        told, shown = seal.json("status"), seal("status").stdout
    finally:
        SlowToo.go_on.set()
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
    home = tmp_path / "demo"
    monkeypatch.setattr("app.cli.commands.demo.HOME", home)
    use_fake(monkeypatch, Slow)
    ended: list[str] = []

    def learn() -> None:
        try:
            demo.run(None, None, [], as_json=False)
            ended.append("well")
        except BaseException as error:  # noqa: BLE001
            ended.append(repr(error))

    demos = [threading.Thread(target=learn) for _ in range(2)]
    demos[0].start()
    assert Slow.training.wait(60)
    demos[1].start()
    demos[1].join(1.0)
    assert (home / "ledger.sqlite").exists(), "the second demo took the home from under the first"
    Slow.go_on.set()
    for each in demos:
        each.join()
    assert ended == ["well"] * 2
    with alone(home):
        assert len(Seal(home).context().ledger.runs()) == 1, "each demo starts afresh"
