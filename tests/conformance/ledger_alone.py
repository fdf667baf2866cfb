"""What every ledger must do to let one learner in at a time."""

from __future__ import annotations

import threading

import pytest

from agent.ports.ledger import Ledger
from agent.records import Event
from tests.fakes.ledger_samples import start


def nobody() -> None:
    raise AssertionError("there was somebody to wait for")


class LedgerAlone:
    """Inherit, and define a fixture `ledger` that is empty."""

    def test_the_second_learner_is_told_once_and_waits_for_the_first(self, ledger: Ledger) -> None:
        start(ledger)
        told: list[str] = []
        waiting = threading.Event()

        def wait() -> None:
            told.append("waits")
            waiting.set()

        def second() -> None:
            with ledger.alone(wait):
                told.append("second is in")

        other = threading.Thread(target=second)
        with ledger.alone(nobody):
            other.start()
            assert waiting.wait(20)
            ledger.add_event(Event(run="run-1", step="learning"))
            other.join(0.7)
            told.append("first goes")
        other.join(20)
        assert told == ["waits", "first goes", "second is in"]
        assert [event.step for event in ledger.events("run-1")] == ["learning"]

    def test_one_after_the_other_need_not_wait(self, ledger: Ledger) -> None:
        told: list[str] = []
        for _ in range(2):
            with ledger.alone(lambda: told.append("waits")):
                start(ledger)
        assert told == []

    def test_a_learner_that_fails_lets_the_next_in(self, ledger: Ledger) -> None:
        with pytest.raises(RuntimeError, match="stop"), ledger.alone(nobody):
            raise RuntimeError("stop")
        with ledger.alone(nobody):
            start(ledger)

    def test_it_says_whether_somebody_learns_and_asking_holds_nobody_up(self, ledger: Ledger) -> None:
        start(ledger)
        told = [ledger.learning()]
        with ledger.alone(nobody):
            told += [ledger.learning(), ledger.learning()]
        told.append(ledger.learning())
        assert told == [False, True, True, False]
        with ledger.alone(nobody):
            start(ledger)
