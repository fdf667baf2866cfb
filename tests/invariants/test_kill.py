"""Invariant 5: a run that a signal stops loses nothing and does nothing twice. Kills: test_crash_at_write.py."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.config import Config, load_config
from agent.ledger import open_ledger
from agent.ports.ledger import Ledger
from graphs.methods.practice import heldout_run, practice_run
from tests.fakes.databases import start_python
from tests.fakes.house import ARTICLES, mills, write_articles
from tests.fakes.openai_server import FakeOpenAI, Fault
from tests.invariants.slow_seal import OPTIONS

PROGRAM = "from tests.invariants.slow_seal import program; program()"
SECONDS_TO_STOP = 5.0


@contextmanager
def seal(*arguments: str | Path, train: float = 0.0) -> Iterator[subprocess.Popen[str]]:
    """The program, which is gone when the block ends."""
    process = start_python(PROGRAM, str(train), *map(str, arguments))
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def finish(*arguments: str | Path) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of the program when it has ended by itself."""
    with seal(*arguments) as process:
        out, err = process.communicate()
        return process.returncode, out, err


def slowdown() -> float:
    """How much longer work takes on this machine now than when nothing else runs on it."""
    began, busy = time.monotonic(), time.process_time()
    while time.process_time() < busy + 0.1:
        pass
    return (time.monotonic() - began) / 0.1


def seconds_to_end(process: subprocess.Popen[str]) -> float:
    """Time until the process has ended, as it would be on a machine that does nothing else."""
    began = time.monotonic()
    process.wait(timeout=200)
    return (time.monotonic() - began) / max(1.0, slowdown())


def end_by_signals(process: subprocess.Popen[str], *numbers: signal.Signals) -> float:
    """Send them, each after the answer to the one before. Returns the seconds from the last one to the end."""
    assert process.stderr
    for number in numbers[:-1]:
        process.send_signal(number)
        while not process.stderr.readline().startswith("SIGTERM: finishing the step in hand, then stopping"):
            assert process.poll() is None
    process.send_signal(numbers[-1])
    return seconds_to_end(process)


def wait_for_training(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    assert process.stdout.readline() == "training\n", process.communicate()[1]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load_config(home=tmp_path / "home")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "articles.jsonl")


def ledger_of(config: Config) -> Ledger:
    return open_ledger(config.ledger_url)


def check_done_once(config: Config) -> None:
    """Everything was learned, and nothing twice."""
    ledger = ledger_of(config)
    documents = [d.id for d in ledger.documents()]
    assert {d.title for d in ledger.documents()} == {a["title"] for a in ARTICLES}
    assert [str(ledger.outcome(d, "packaged")) for d in documents] == ["published"] * len(ARTICLES)
    rows = [json.loads(line) for line in config.dataset_path.read_text().splitlines()]
    assert sorted(row["document"] for row in rows) == sorted(documents)
    assert sorted(a.document for a in ledger.current()) == sorted(documents)
    assert len(ledger.library()) == len(documents)
    assert all(Path(a.path).is_dir() for a in ledger.current())
    assert [r.status for r in ledger.runs() if ledger.documents(r.id)] == ["done"]
    assert list(config.work_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ((signal.SIGINT,), 130),
        ((signal.SIGTERM, signal.SIGTERM), 143),
        ((signal.SIGTERM, signal.SIGINT), 130),
    ],
)
def test_a_signal_in_training_stops_the_run_which_then_goes_on(
    numbers: tuple[signal.Signals, ...], code: int, config: Config, source: Path
) -> None:
    """Ctrl-C at once; SIGTERM likewise where it comes a second time."""
    options = ("--home", config.home, *OPTIONS)
    with seal("ingest", source, *options, train=120) as process:
        wait_for_training(process)
        assert end_by_signals(process, *numbers) < SECONDS_TO_STOP
        out, err = process.communicate()
    (run,) = ledger_of(config).runs()
    assert (process.returncode, run.status) == (code, "stopped")
    assert f"seal ingest --resume {run.id} --home {config.home}" in err
    assert "stopping; the step in hand begins anew when the run goes on\n" in err
    assert "Traceback" not in err
    assert out == ""
    status, out, err = finish("ingest", "--resume", run.id, *options, "--json")
    assert (status, json.loads(out.removeprefix("training\ntraining\n"))["published"]) == (0, 2), err
    check_done_once(config)


def trained(ledger: Ledger, run: str) -> list[str]:
    return [e.status for e in ledger.events(run) if e.step == "train"]


def test_the_first_sigterm_lets_the_step_in_hand_finish(config: Config, source: Path) -> None:
    options = ("--home", config.home, *OPTIONS)
    with seal("ingest", source, *options, train=1) as process:
        wait_for_training(process)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=200)
    ledger = ledger_of(config)
    (run,) = ledger.runs()
    assert (process.returncode, run.status, run.summary) == (143, "stopped", {"error": "SIGTERM"}), err
    steps = [(e.step, e.status) for e in ledger.events(run.id)]
    assert steps[-1] == ("train", "ok"), "it was finished, and nothing was begun after it"
    assert "SIGTERM: finishing the step in hand, then stopping; a second one, or Ctrl-C, stops at once\n" in err
    assert f"seal ingest --resume {run.id} --home {config.home}" in err
    assert "Traceback" not in err
    assert out == ""
    status, out, err = finish("ingest", "--resume", run.id, *options, "--json")
    assert (status, out.count("training\n")) == (0, 1), f"only the other document is trained then: {err}"
    assert trained(ledger, run.id) == ["ok", "ok"]
    check_done_once(config)


def test_a_sigterm_in_practice_lets_the_step_finish(config: Config, tmp_path: Path) -> None:
    """Also where the graph in hand is inside another one, and the step belongs to a run inside the run."""
    source = write_articles(tmp_path / "mills.jsonl", mills(6))
    small = ("rounds=1", "documents=1", "heldout=1", "self_edits=1", "free_gib=0")
    options: tuple[str | Path, ...] = ("--home", config.home, *OPTIONS)
    options += tuple(part for key in small for part in ("--set", f"improve.{key}"))
    with seal("improve", source, *options, train=1) as process:
        wait_for_training(process)
        process.send_signal(signal.SIGTERM)
        err = process.communicate(timeout=200)[1]
    ledger = ledger_of(config)
    run = ledger.runs()[0].id
    assert (process.returncode, ledger.run(run).summary) == (143, {"error": "SIGTERM"}), err
    assert f"seal improve --resume {run} --home {config.home}" in err
    practice = practice_run(run, 1)
    assert ledger.events(practice)[-1].step == "train"
    status, out, err = finish("improve", source, *options, "--json")
    assert (status, json.loads(out.splitlines()[-1])["rounds"]) == (0, 1), err
    assert out.count("training\n") == 1, "what is held out; practice was trained"
    assert trained(ledger, practice) == trained(ledger, heldout_run(run, 1)) == ["ok"]
    candidates = [c for r in ledger.runs() for c in ledger.candidates(r.id)]
    assert sum(ledger.training(c.id) is not None for c in candidates) == len(candidates)


def test_a_writer_that_hangs_does_not_hold_up_ctrl_c(config: Config, source: Path) -> None:
    """LangGraph runs the writers in threads, and waits for them."""
    with FakeOpenAI(faults=[Fault("hang")] * 10) as server:
        given = {"write.endpoint": "slow", "endpoints.slow.url": server.url, "endpoints.slow.model": "fake-model"}
        options = [part for key, value in given.items() for part in ("--set", f"{key}={value}")]
        strategies = ("--set", 'plan.strategies=["passage", "rewrite"]')
        with seal("ingest", source, "--home", config.home, *OPTIONS, *strategies, *options) as process:
            while not server.requests:
                assert process.poll() is None, process.communicate()[1]
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            assert seconds_to_end(process) < SECONDS_TO_STOP
            err = process.communicate()[1]
    (run,) = ledger_of(config).runs()
    assert (process.returncode, run.status) == (130, "stopped"), err
    assert run.id in err
