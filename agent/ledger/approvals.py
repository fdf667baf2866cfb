"""The part of the ledger about what waits for a person."""

from __future__ import annotations

from sqlalchemy import select

from agent.errors import UnknownName
from agent.ledger import tables
from agent.ledger.library import Library, withdraw
from agent.ledger.policies import Policies
from agent.records import Answered, Approval


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
