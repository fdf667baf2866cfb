"""The parts of the ledger about the outer loop (predictions, policies, promotions, rounds) and about what waits for a
person: adapters and policies that the gates let through."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from agent.errors import UnknownName
from agent.ledger import tables
from agent.ledger.library import Library, withdraw
from agent.ledger.store import Store
from agent.ports.ledger import P
from agent.records import Answered, Approval, Policy, Prediction, Promotion, Round


class Policies(Store):
    """What is added a second time changes nothing: the first record stands."""

    def add_policy(self, policy: Policy) -> bool:
        return bool(self._add(tables.policies, [policy]))

    def policy(self, id: str, of: type[P]) -> P:
        return self._get(of, tables.policies, id, kind=_kind(of))

    def policies(self, run: str, of: type[P]) -> list[P]:
        return self._find(of, tables.policies, run=run, kind=_kind(of))

    def promote(self, promotion: Promotion) -> bool:
        return bool(self._add(tables.promotions, [promotion]))

    def promotions(self, base: str, kind: str) -> list[Promotion]:
        return self._find(Promotion, tables.promotions, base=base, kind=kind)

    def add_predictions(self, predictions: Iterable[Prediction]) -> None:
        self._add(tables.predictions, predictions)

    def predictions(self, run: str) -> list[Prediction]:
        return self._find(Prediction, tables.predictions, run=run)

    def add_round(self, round: Round) -> bool:
        return bool(self._add(tables.rounds, [round]))

    def rounds(self, run: str) -> list[Round]:
        return self._find(Round, tables.rounds, run=run)


class Approvals(Library, Policies):
    """What was asked, and what came of it."""

    def ask(self, approval: Approval) -> None:
        self._add(tables.approvals, [approval])

    def asked(self) -> list[tuple[Approval, Answered | None]]:
        answers = {answer.approval: answer for answer in self._query(Answered, select(tables.answers.c.record))}
        found = self._query(Approval, select(tables.approvals.c.record).order_by(tables.approvals.c.seq))
        return [(approval, answers.get(approval.id)) for approval in found]

    def answer(self, answered: Answered) -> bool:
        with self._write() as connection:
            approval = self._first(Approval, tables.approvals, id=answered.approval)
            if approval is None:
                raise UnknownName(f"nothing of the id {answered.approval!r} waits", "`seal approve` lists what does")
            if not self._add(tables.answers, [answered]):
                return False
            reason = f"{approval.evidence}; approved: {answered.why}" if answered.why else approval.evidence
            if answered.yes and approval.adapter:
                self.publish(approval.adapter, reason)
            elif answered.yes and approval.promotion:
                self.promote(approval.promotion)
            elif approval.adapter:
                withdraw(connection, [approval.adapter.candidate])
        return True


def _kind(of: type[Policy]) -> str:
    return str(of.model_fields["kind"].default)
