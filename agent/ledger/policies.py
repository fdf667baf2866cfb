"""The part of the ledger about the outer loop: predictions, policies, promotions and rounds."""

from __future__ import annotations

from collections.abc import Iterable

from agent.ledger import tables
from agent.ledger.store import Store
from agent.ports.ledger import P
from agent.records import Policy, Prediction, Promotion, Round


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


def _kind(of: type[Policy]) -> str:
    return str(of.model_fields["kind"].default)
