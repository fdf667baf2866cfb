"""What every ledger must do with transactions and threads."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from agent.errors import StoreError
from agent.ports.ledger import Ledger
from agent.records import Document, Event, Outcome
from tests.fakes.ledger_samples import add_chain, chain, start


def add_and_fail(ledger: Ledger, document: Document, then: Callable[[], object] = lambda: None) -> None:
    with ledger.transaction():
        ledger.add_document(document, "run-1")
        then()
        raise RuntimeError("stop")


def together(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class LedgerTransactions:
    """Inherit, and define a fixture `ledger` that is empty."""

    def test_transaction_that_raises_leaves_nothing(self, ledger: Ledger) -> None:
        start(ledger)
        it = chain()

        def publish_and_fail() -> None:
            with ledger.transaction():
                add_chain(ledger, it)
                assert ledger.publish(it.adapter, "better")
                assert ledger.current() == [it.adapter]
                raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"):
            publish_and_fail()
        assert [*ledger.documents(), *ledger.winners(), *ledger.current(), *ledger.library()] == []
        assert ledger.add_document(it.document, "run-1") is True

    def test_inner_transaction_that_raises_undoes_its_own_part(self, ledger: Ledger) -> None:
        start(ledger)
        one, two, three = (chain(name).document for name in "abc")
        with ledger.transaction():
            ledger.add_document(one, "run-1")
            with pytest.raises(RuntimeError, match="stop"):
                add_and_fail(ledger, two)
            with ledger.transaction():
                ledger.add_document(three, "run-1")
        assert ledger.documents() == [one, three]

    def test_inner_transaction_depends_on_the_outer_one(self, ledger: Ledger) -> None:
        start(ledger)

        def add_inside_and_fail() -> None:
            with ledger.transaction():
                with ledger.transaction():
                    ledger.add_document(chain().document, "run-1")
                raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"):
            add_inside_and_fail()
        assert ledger.documents() == []

    def test_refused_record_does_not_spoil_the_transaction_around_it(self, ledger: Ledger) -> None:
        start(ledger)
        it = chain()
        with ledger.transaction():
            ledger.add_document(it.document, "run-1")
            with pytest.raises(StoreError):
                ledger.add_reward(it.reward)
            ledger.finish_document("run-1", it.document.id, Outcome.failed("no"), it.candidate.base)
        assert ledger.outcomes("run-1") == {it.document.id: Outcome.failed("no")}

    def test_transaction_belongs_to_its_thread(self, ledger: Ledger) -> None:
        start(ledger)
        mine, theirs = chain("mine").document, chain("theirs").document
        other = threading.Thread(target=lambda: ledger.add_document(theirs, "run-1"))
        with pytest.raises(RuntimeError, match="stop"):
            add_and_fail(ledger, mine, other.start)
        other.join()
        assert ledger.documents() == [theirs]

    def test_many_threads_add_everything_once(self, ledger: Ledger) -> None:
        start(ledger)
        documents = [chain(str(n)).document for n in range(10)]
        new: list[bool] = []
        failed: list[BaseException] = []

        def read_all() -> None:
            try:
                for document in documents:
                    new.append(ledger.add_document(document, "run-1"))
                    ledger.add_event(Event(run="run-1", step="read", document=document.id))
            except BaseException as error:
                failed.append(error)
                raise

        threads = [threading.Thread(target=read_all) for _ in range(8)]
        together(threads)
        assert not failed
        assert (sum(new), len(new)) == (10, 80)
        assert len(ledger.documents("run-1")) == 10
        assert len(ledger.events("run-1")) == 80
