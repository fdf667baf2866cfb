"""What every ledger must do with what waits for a person."""

from __future__ import annotations

import pytest

from agent.errors import StoreError
from agent.ports import Ledger
from agent.records import Answered, Approval, Promotion
from tests.conformance.ledger_policies import policy
from tests.fakes.ledger_samples import Chain, add_chain, chain, start


def waits(ledger: Ledger) -> tuple[Chain, Approval]:
    """An adapter whose candidate won, and that is not published yet."""
    start(ledger)
    add_chain(ledger, it := chain())
    ledger.add_winner(it.winner)
    approval = Approval.make("run-1", it.document.title, "3 of 4 right", it.adapter)
    ledger.ask(approval)
    return it, approval


class LedgerApprovals:
    """Inherit, and define a fixture `ledger` that is empty."""

    def test_what_is_asked_waits_and_is_asked_once(self, ledger: Ledger) -> None:
        _, approval = waits(ledger)
        ledger.ask(approval)
        assert ledger.asked() == [(approval, None)]
        assert ledger.current() == []

    def test_a_yes_publishes_once(self, ledger: Ledger) -> None:
        it, approval = waits(ledger)
        yes = Answered(approval=approval.id, yes=True, why="read it")
        assert ledger.answer(yes)
        assert not ledger.answer(yes)
        assert not ledger.answer(Answered(approval=approval.id, yes=False, why="changed my mind"))
        assert ledger.current() == [it.adapter]
        assert ledger.library()[0].reason == "3 of 4 right; approved: read it"
        assert ledger.asked() == [(approval, yes)]
        assert ledger.winners() == [it.winner]

    def test_a_no_withdraws_the_winner(self, ledger: Ledger) -> None:
        _, approval = waits(ledger)
        assert ledger.answer(Answered(approval=approval.id, yes=False, why="wrong"))
        assert ledger.current() == []
        assert ledger.winners() == []

    def test_a_policy_is_promoted_by_a_yes_only(self, ledger: Ledger) -> None:
        ledger.add_policy(policy())
        promotions = [Promotion.make("planner", "run-1", n, "tiny", policy().id, "", "better") for n in (1, 2)]
        approvals = [Approval.make("run-1", "policy", "better", promotion) for promotion in promotions]
        for approval, yes in zip(approvals, (False, True), strict=True):
            ledger.ask(approval)
            assert ledger.answer(Answered(approval=approval.id, yes=yes, why=""))
        assert ledger.promotions("tiny", "planner") == promotions[1:]

    def test_an_answer_to_nothing_is_an_error(self, ledger: Ledger) -> None:
        with pytest.raises(StoreError, match="waits"):
            ledger.answer(Answered(approval="none", yes=True, why=""))
