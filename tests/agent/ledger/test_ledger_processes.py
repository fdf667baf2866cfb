"""Several processes: opening a fresh ledger at once, and being killed in the middle of a transaction."""

from __future__ import annotations

import signal
import subprocess
import time

from agent.ledger import open_ledger
from agent.ports import Ledger
from agent.records import Event
from tests.fakes.databases import start_python
from tests.fakes.ledger_samples import add_chain, chain, start

TOGETHER = """
import sys
import agent.ledger, alembic.command
from tests.fakes.ledger_samples import add_chain, chain, start
print("ready", flush=True)
sys.stdin.readline()
with agent.ledger.open_ledger(sys.argv[1]) as ledger:
    start(ledger)
    new = 0
    for n in range(5):
        add_chain(ledger, chain(str(n)))
        new += ledger.publish(chain(str(n)).adapter, "better")
print(new)
"""


def test_processes_that_open_a_fresh_ledger_at_once_all_work(url: str) -> None:
    processes = [start_python(TOGETHER, url) for _ in range(4)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, answers
    assert sum(int(out) for out, _ in answers) == 5
    with open_ledger(url) as ledger:
        assert len(ledger.documents("run-1")) == len(ledger.winners()) == len(ledger.current()) == 5
        assert [version.version for version in ledger.library()] == [1, 2, 3, 4, 5]


KILLED = """
import sys
import agent.ledger
from tests.fakes.ledger_samples import add_chain, chain
ledger = agent.ledger.open_ledger(sys.argv[1])
add_chain(ledger, chain("kept"))
with ledger.transaction():
    add_chain(ledger, chain("lost"))
    ledger.publish(chain("lost").adapter, "better")
    print("inside", flush=True)
    sys.stdin.readline()
"""


def test_killed_in_a_transaction_loses_that_transaction_only(url: str) -> None:
    with open_ledger(url) as ledger:
        start(ledger)
    process = start_python(KILLED, url)
    assert process.stdout is not None
    assert process.stdout.readline() == "inside\n"
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    with open_ledger(url) as ledger:
        assert ledger.documents() == [chain("kept").document]
        assert ledger.current() == []
        add_chain(ledger, chain("lost"))
        assert ledger.publish(chain("lost").adapter, "better") is True
        assert ledger.current() == [chain("lost").adapter]


LEARNER = """
import sys
import agent.ledger
ledger = agent.ledger.open_ledger(sys.argv[1])
with ledger.alone(lambda: print("waits", flush=True)):
    print("in", flush=True)
    sys.stdin.readline()
"""


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_the_lock_of_a_learner_that_is_killed_goes_with_it(url: str) -> None:
    first = start_python(LEARNER, url)
    assert said(first) == "in"
    second = start_python(LEARNER, url)
    assert said(second) == "waits"
    first.send_signal(signal.SIGKILL)
    assert said(second) == "in"
    for process in (first, second):
        process.communicate(timeout=30)


def practise(ledger: Ledger) -> None:
    ledger.start_run("run-1.1.practice", "practice", {}, [], "run-1", 1, "planner")


def test_what_another_process_began_within_a_run_has_the_time_of_the_one_that_goes_on(url: str) -> None:
    """An outer loop that was killed goes on in the middle of a round, without beginning its practice anew."""
    with open_ledger(url) as ledger:
        start(ledger, "run-1")
        practise(ledger)
        ledger.add_event(Event(run="run-1.1.practice", step="train"))
        before = ledger.run("run-1.1.practice").seconds
    with open_ledger(url) as ledger:
        start(ledger, "run-1")
        time.sleep(0.2)
        ledger.add_event(Event(run="run-1.1.practice", step="train", seconds=0.1))
        first = ledger.run("run-1.1.practice")
        assert first.sittings == 2
        assert before + 0.1 <= first.seconds < before + 0.2, "from the beginning of its first step on"
        ledger.add_event(Event(run="run-1.1.practice", step="train"))
        again = ledger.run("run-1.1.practice")
        assert again.sittings == 2
        assert again.seconds > first.seconds


def test_a_word_about_a_run_that_is_over_is_no_sitting_of_it(url: str) -> None:
    with open_ledger(url) as ledger:
        start(ledger, "run-1")
        practise(ledger)
    with open_ledger(url) as ledger:
        ledger.add_event(Event(run="run-1.1.practice", step="probe"))
        assert ledger.run("run-1.1.practice").sittings == 1
