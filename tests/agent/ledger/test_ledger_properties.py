"""Properties: any record comes back, any order of repeated steps gives one ledger, and many events stay fast."""

from __future__ import annotations

import time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from agent.errors import StoreError
from agent.ledger import SqlLedger, open_ledger
from agent.ledger.tables import events
from agent.records import Adapter, Document, Event
from tests.conformance.ledger_records import everything
from tests.fakes.ledger_samples import add_chain, chain, start

TEXT = st.text(max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.builds(Document.make, TEXT, TEXT, source=TEXT, published=TEXT), max_size=6))
def test_any_documents_come_back_once_and_in_order(documents: list[Document]) -> None:
    with open_ledger("sqlite://") as ledger:
        start(ledger)
        new = [ledger.add_document(document, "run-1") for document in documents]
        first = {document.id: document for document in reversed(documents)}
        assert ledger.documents("run-1") == [first[id] for id in dict.fromkeys(d.id for d in documents)]
        assert sum(new) == len(first)


@settings(max_examples=15, deadline=None)
@given(st.dictionaries(TEXT, JSON, max_size=4), TEXT)
def test_any_event_comes_back(data: dict[str, Any], message: str) -> None:
    with open_ledger("sqlite://") as ledger:
        event = Event(run="r", step="s", message=message, data=data, seconds=0.1, at=1e9)
        ledger.add_event(event)
        assert ledger.events("r") == [event]


@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=8))
def test_steps_that_run_again_in_any_order_change_nothing(again: list[int]) -> None:
    chains = [chain(str(n // 2), seed=n % 2) for n in range(4)]
    with open_ledger("sqlite://") as ledger:
        start(ledger)
        for it in chains:
            add_chain(ledger, it)
        before = [everything(ledger, "run-1", it.document.id, it.candidate.id) for it in chains]
        for n in again:
            add_chain(ledger, chains[n])
        assert [everything(ledger, "run-1", it.document.id, it.candidate.id) for it in chains] == before


class LibraryMachine(RuleBasedStateMachine):
    """The library against a model that keeps, for each version, the adapters as a plain list of piles."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger: SqlLedger = open_ledger("sqlite://")
        start(self.ledger)
        self.chains = [chain(str(n % 3), seed=n) for n in range(9)]
        for it in self.chains:
            add_chain(self.ledger, it)
        self.published: set[str] = set()
        self.history: list[list[Adapter]] = [[]]
        """Versions that a rollback without a name can go back to: each a list of promotions, oldest first."""

    def teardown(self) -> None:
        self.ledger.close()

    def answering(self, state: list[Adapter]) -> list[Adapter]:
        last = {adapter.document: adapter for adapter in state}
        return [adapter for adapter in state if last[adapter.document] == adapter]

    @rule(n=st.integers(0, 8))
    def publish(self, n: int) -> None:
        adapter = self.chains[n].adapter
        assert self.ledger.publish(adapter, "better") is (adapter.candidate not in self.published)
        if adapter.candidate not in self.published:
            self.published.add(adapter.candidate)
            self.history.append([*self.history[-1], adapter])

    @rule()
    def take_back_the_newest(self) -> None:
        state = self.history[-1]
        if not state:
            self.refused(None)
            return
        assert self.ledger.rollback(None, "bad") == [state[-1]]
        self.forget(state[-1])

    @rule(n=st.integers(0, 8))
    def take_back_one(self, n: int) -> None:
        adapter = self.chains[n].adapter
        if adapter not in self.answering(self.history[-1]):
            self.refused(adapter.id)
            return
        assert self.ledger.rollback(adapter.id, "bad") == [adapter]
        self.forget(adapter)

    def forget(self, adapter: Adapter) -> None:
        self.history.append([kept for kept in self.history[-1] if kept != adapter])

    def refused(self, id: str | None) -> None:
        try:
            self.ledger.rollback(id, "bad")
        except StoreError:
            return
        raise AssertionError("nothing to take back, yet it was not refused")

    @invariant()
    def ledger_agrees_with_the_model(self) -> None:
        assert self.ledger.current() == self.answering(self.history[-1])
        assert sum(version.current for version in self.ledger.library()) <= 1


TestLibraryMachine = LibraryMachine.TestCase
TestLibraryMachine.settings = settings(max_examples=8, stateful_step_count=25, deadline=None)


def test_many_events_do_not_slow_insertion(url: str) -> None:
    with open_ledger(url) as ledger:
        few = seconds_to_add(ledger, 300)
        with ledger._write() as connection:
            row = {"run": "r", "step": "s", "document": "d", "subject": "", "status": "ok", "created_at": 0.0}
            connection.execute(events.insert(), [{**row, "record": {"run": "r", "step": "s"}}] * 100_000)
        many = seconds_to_add(ledger, 300)
        assert len(ledger.events("x")) == 600
    assert many < 3 * few + 0.3


def seconds_to_add(ledger: SqlLedger, count: int) -> float:
    began = time.perf_counter()
    with ledger.transaction():
        for n in range(count):
            ledger.add_event(Event(run="x", step=str(n)))
    return time.perf_counter() - began
