"""The part of the ledger about the outer loop: predictions, policies, promotions and rounds."""

from __future__ import annotations

from collections.abc import Iterable

from agent.ledger import tables
from agent.ledger.store import Store
from agent.records.rounds import Kind, PlannerPolicy, Prediction, Promotion, Round, WriterPolicy


class Policies(Store):
    """What is added a second time changes nothing: the first record stands."""

    def add_policy(self, policy: PlannerPolicy | WriterPolicy) -> bool:
        return bool(self._add(tables.policies, [policy]))

    def policy(self, id: str) -> PlannerPolicy:
        """Raises StoreError where there is no such planner policy."""
        return self._get(PlannerPolicy, tables.policies, id)

    def policies(self, run: str) -> list[PlannerPolicy]:
        """The planner policies that were learned from a run's rewards, oldest first."""
        return self._find(PlannerPolicy, tables.policies, run=run, kind="planner")

    def writer(self, id: str) -> WriterPolicy:
        """Raises StoreError where there is no such writer policy."""
        return self._get(WriterPolicy, tables.policies, id)

    def writers(self, run: str) -> list[WriterPolicy]:
        """The writer policies that were learned from a run's rewards, oldest first."""
        return self._find(WriterPolicy, tables.policies, run=run, kind="writer")

    def promote(self, promotion: Promotion) -> bool:
        """Let a policy act from now on. False, and nothing changes, where this promotion was made before."""
        return bool(self._add(tables.promotions, [promotion]))

    def promotions(self, base: str, kind: Kind) -> list[Promotion]:
        """Of the policies of that kind for a base model, oldest first."""
        return self._find(Promotion, tables.promotions, base=base, kind=kind)

    def add_predictions(self, predictions: Iterable[Prediction]) -> None:
        self._add(tables.predictions, predictions)

    def predictions(self, run: str) -> list[Prediction]:
        return self._find(Prediction, tables.predictions, run=run)

    def add_round(self, round: Round) -> bool:
        """True where the round was not written down yet."""
        return bool(self._add(tables.rounds, [round]))

    def rounds(self, run: str) -> list[Round]:
        return self._find(Round, tables.rounds, run=run)
