"""What every ledger must do with published adapters."""

from __future__ import annotations

import threading

import pytest

from agent.errors import StoreError
from agent.ports.ledger import Ledger
from tests.conformance.ledger_transactions import together
from tests.fakes.ledger_samples import add_chain, chain, published, start


class LedgerLibrary:
    """Inherit, and define a fixture `ledger` that is empty."""

    def test_publishing_makes_versions_and_moves_the_pointer(self, ledger: Ledger) -> None:
        one, two = published(ledger, chain("a"), chain("b"))
        first, second = ledger.library()
        assert (first.version, first.parent, first.added, first.current) == (1, None, one.id, False)
        assert first.removed is second.removed is None
        assert (second.version, second.parent, second.added, second.current) == (2, 1, two.id, True)
        assert second.reason == "better"
        assert 0 < first.at <= second.at
        assert ledger.current() == [one, two]
        assert ledger.adapter(one.id) == one

    def test_later_adapter_of_a_document_answers_instead_of_the_former(self, ledger: Ledger) -> None:
        _, other, later = published(ledger, chain("a"), chain("b"), chain("a", seed=1))
        assert ledger.current() == [other, later]

    def test_current_of_one_base(self, ledger: Ledger) -> None:
        tiny, big = published(ledger, chain("a"), chain("a", base="big"))
        assert ledger.current("tiny") == [tiny]
        assert ledger.current("big") == [big]
        assert ledger.current("none") == []
        assert ledger.current() == [tiny, big]

    def test_rollback_takes_back_the_newest_promotion(self, ledger: Ledger) -> None:
        one, two = published(ledger, chain("a"), chain("b"))
        assert ledger.rollback(None, "worse") == [two]
        assert ledger.current() == [one]
        assert [version.current for version in ledger.library()] == [True, False]
        assert ledger.rollback(None, "worse") == [one]
        assert ledger.current() == []
        assert [version.current for version in ledger.library()] == [False, False]
        with pytest.raises(StoreError, match="nothing is published"):
            ledger.rollback(None, "worse")

    def test_rollback_gives_the_document_back_to_its_former_adapter(self, ledger: Ledger) -> None:
        former, other, later = published(ledger, chain("a"), chain("b"), chain("a", seed=1))
        assert ledger.rollback(None, "worse") == [later]
        assert ledger.current() == [former, other]

    def test_rollback_of_one_adapter_makes_a_version_without_it(self, ledger: Ledger) -> None:
        one, two, three = published(ledger, chain("a"), chain("b"), chain("a", seed=1))
        assert ledger.rollback(three.id, "made up a name") == [three]
        assert ledger.current() == [one, two]
        assert ledger.rollback(one.id, "old") == [one]
        assert ledger.current() == [two]
        taken, last = ledger.library()[-2:]
        assert (taken.version, taken.parent, taken.added, taken.removed) == (4, 3, None, three.id)
        assert taken.reason == "made up a name"
        assert (last.removed, last.current) == (one.id, True)

    def test_taking_back_the_answering_adapter_does_not_wake_a_removed_one(self, ledger: Ledger) -> None:
        one, two, three = published(ledger, *(chain("a", seed=n) for n in range(3)))
        ledger.rollback(three.id, "bad")
        ledger.rollback(two.id, "bad")
        assert ledger.current() == [one]

    def test_rollback_after_a_removal_brings_nothing_back(self, ledger: Ledger) -> None:
        one, two = published(ledger, chain("a"), chain("b"))
        ledger.rollback(two.id, "bad")
        assert ledger.rollback(None, "worse") == [one]
        assert ledger.current() == []

    def test_only_a_current_adapter_can_be_taken_back(self, ledger: Ledger) -> None:
        former, later = published(ledger, chain("a"), chain("a", seed=1))
        for id in (former.id, "unknown"):
            with pytest.raises(StoreError, match="is not current"):
                ledger.rollback(id, "x")
        assert ledger.current() == [later]
        assert len(ledger.library()) == 2

    def test_taken_back_candidate_stays_back(self, ledger: Ledger) -> None:
        one, two, three = published(ledger, chain("a"), chain("b"), chain("c"))
        ledger.rollback(None, "bad")
        ledger.rollback(one.id, "bad")
        for adapter in (one, two, three):
            assert ledger.publish(adapter, "once more") is False
        assert ledger.current() == [two]

    def test_publishing_after_a_rollback_starts_from_where_the_pointer_is(self, ledger: Ledger) -> None:
        one, _ = published(ledger, chain("a"), chain("b"))
        ledger.rollback(None, "bad")
        it = chain("c")
        add_chain(ledger, it)
        assert ledger.publish(it.adapter, "better") is True
        assert ledger.current() == [one, it.adapter]
        last = ledger.library()[-1]
        assert (last.version, last.parent, last.current) == (3, 1, True)

    def test_rollback_withdraws_the_winner(self, ledger: Ledger) -> None:
        chains = [chain(name) for name in "abc"]
        one, _, three = published(ledger, *chains)
        ledger.rollback(None, "moves the pointer")
        assert ledger.winners() == [chains[0].winner, chains[1].winner]
        ledger.rollback(one.id, "makes a version")
        assert ledger.winners() == [chains[1].winner]
        ledger.rollback(None, "takes back what still answers")
        assert ledger.winners() == []
        assert ledger.add_winner(chains[2].winner) is False, "history keeps it, and it stays withdrawn"
        assert ledger.publish(three, "again") is False
        assert ledger.winners() == []

    def test_a_former_adapters_winner_counts_again_with_it_and_still(self, ledger: Ledger) -> None:
        former, later = chain("a"), chain("a", seed=1)
        published(ledger, former, later)
        ledger.rollback(None, "worse")
        assert ledger.winners() == [former.winner]

    def test_promotions_below_that_go_with_an_adapter_are_withdrawn_too(self, ledger: Ledger) -> None:
        below, top = chain("a"), chain("a", seed=1)
        start(ledger)
        for it in (below, top):
            add_chain(ledger, it)
            ledger.publish(it.adapter.model_copy(update={"id": "same-weights"}), "better")
        ledger.rollback("same-weights", "bad")
        assert ledger.current() == []
        assert ledger.winners() == []

    def test_a_later_run_that_publishes_the_document_again_has_its_own_winner(self, ledger: Ledger) -> None:
        first, again = chain("a"), chain("a", run="run-2")
        published(ledger, first)
        ledger.rollback(None, "bad")
        start(ledger, "run-2")
        add_chain(ledger, again)
        assert ledger.winners() == [again.winner]
        assert ledger.publish(again.adapter, "better") is True
        assert ledger.current() == [again.adapter]
        assert ledger.winners() == [again.winner]

    def test_rollback_that_is_undone_withdraws_nothing(self, ledger: Ledger) -> None:
        it = chain()
        published(ledger, it)

        def roll_back_and_fail() -> None:
            with ledger.transaction():
                ledger.rollback(None, "bad")
                assert ledger.winners() == []
                raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"):
            roll_back_and_fail()
        assert ledger.current() == [it.adapter]
        assert ledger.winners() == [it.winner]

    def test_winners_that_were_never_published_stay(self, ledger: Ledger) -> None:
        rejected, taken = chain("a"), chain("b")
        start(ledger)
        add_chain(ledger, rejected)
        published(ledger, taken)
        ledger.rollback(None, "bad")
        assert ledger.winners() == [rejected.winner]

    def test_a_document_that_is_learned_again_has_one_winner_a_base(self, ledger: Ledger) -> None:
        first, other = chain("a"), chain("b")
        big, again = chain("a", run="run-2", base="big"), chain("a", run="run-2")
        start(ledger, "run-1", "run-2")
        for it in (first, other, big, again):
            add_chain(ledger, it)
        assert ledger.winners() == [other.winner, big.winner, again.winner]
        ledger.publish(again.adapter, "better")
        ledger.rollback(None, "worse")
        assert ledger.winners() == [first.winner, other.winner, big.winner]

    def test_rollback_is_told_in_the_run_that_published(self, ledger: Ledger) -> None:
        it = chain("a", run="run-7")
        published(ledger, it)
        ledger.rollback(None, "made up a name")
        (event,) = ledger.events("run-7")
        assert (event.step, event.message) == ("rollback", "made up a name")
        assert (event.document, event.subject) == (it.document.id, it.candidate.id)

    def test_same_weights_for_two_documents_answer_for_both(self, ledger: Ledger) -> None:
        one, two = chain("a"), chain("b")
        twin = two.adapter.model_copy(update={"id": one.adapter.id})
        start(ledger)
        for it in (one, two):
            add_chain(ledger, it)
        assert ledger.publish(one.adapter, "better") is True
        assert ledger.publish(twin, "better") is True
        assert ledger.current() == [one.adapter, twin]
        assert ledger.adapter(twin.id) == twin
        assert ledger.rollback(twin.id, "bad") == [one.adapter, twin]
        assert ledger.current() == []

    def test_long_history_is_replayed(self, ledger: Ledger) -> None:
        adapters = published(ledger, *(chain(str(n % 7), seed=n) for n in range(30)))
        assert ledger.current() == adapters[-7:]
        assert ledger.rollback(adapters[-2].id, "bad") == [adapters[-2]]
        assert ledger.current() == [adapters[21], *adapters[-7:-2], adapters[-1]]

    def test_two_threads_publish_one_adapter_once(self, ledger: Ledger) -> None:
        start(ledger)
        chains = [chain(str(n)) for n in range(4)]
        for it in chains:
            add_chain(ledger, it)
        answers: list[bool] = []
        threads = [
            threading.Thread(target=lambda: answers.extend(ledger.publish(it.adapter, "x") for it in chains))
            for _ in range(4)
        ]
        together(threads)
        assert (sum(answers), len(answers)) == (4, 16)
        assert sorted(a.id for a in ledger.current()) == sorted(it.adapter.id for it in chains)
        assert [version.version for version in ledger.library()] == [1, 2, 3, 4]

    def test_publisher_builds_on_the_one_that_it_waited_for(self, ledger: Ledger) -> None:
        start(ledger)
        first, second = chain("a"), chain("b")
        for it in (first, second):
            add_chain(ledger, it)
        waiting = threading.Thread(target=lambda: ledger.publish(second.adapter, "x"))
        with ledger.transaction():
            ledger.publish(first.adapter, "x")
            waiting.start()
            waiting.join(timeout=0.5)
            assert waiting.is_alive()
        waiting.join()
        assert ledger.current() == [first.adapter, second.adapter]
        assert [version.parent for version in ledger.library()] == [None, 1]
