"""The part of the ledger about what was planned, written, trained and measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Table, func, select

from agent.ledger import tables
from agent.ledger.store import R, Store, select_records
from agent.records import (
    Candidate,
    Drift,
    GateDecision,
    Plan,
    Probe,
    Retention,
    Reward,
    RoutedAnswer,
    Score,
    SelfEdit,
    Training,
    Winner,
)


class Measures(Store):
    """From the plan to the winner. What is added a second time changes nothing: the first record stands."""

    def add_plans(self, plans: Iterable[Plan]) -> None:
        self._add(tables.plans, plans)

    def plans(self, run: str, document: str) -> list[Plan]:
        return self._find(Plan, tables.plans, run=run, document=document)

    def add_self_edit(self, self_edit: SelfEdit) -> None:
        self._add(tables.self_edits, [self_edit])

    def self_edit(self, id: str) -> SelfEdit:
        return self._get(SelfEdit, tables.self_edits, id)

    def self_edits(self, run: str, document: str) -> list[SelfEdit]:
        edits, plans = tables.self_edits.c, tables.plans.c
        query = select(edits.record).join(tables.plans, plans.id == edits.plan)
        return self._query(SelfEdit, query.where(plans.run == run, plans.document == document).order_by(edits.seq))

    def add_candidates(self, candidates: Iterable[Candidate]) -> None:
        self._add(tables.candidates, candidates)

    def candidate(self, id: str) -> Candidate:
        return self._get(Candidate, tables.candidates, id)

    def candidates(self, run: str, document: str | None = None) -> list[Candidate]:
        which = {"run": run} if document is None else {"run": run, "document": document}
        return self._find(Candidate, tables.candidates, **which)

    def add_training(self, training: Training) -> None:
        self._add(tables.trainings, [training])

    def training(self, candidate: str) -> Training | None:
        return self._first(Training, tables.trainings, candidate=candidate)

    def trained(self, runs: Sequence[str]) -> tuple[int, int]:
        candidates, trainings = tables.candidates.c, tables.trainings.c
        tokens = func.coalesce(func.sum(trainings.record["tokens"].as_integer()), 0)
        query = select(func.count(), tokens).join(tables.candidates, candidates.id == trainings.candidate)
        with self._read() as connection:
            count, total = connection.execute(query.where(candidates.run.in_(list(runs)))).one()
        return int(count), int(total)

    def add_probes(self, probes: Iterable[Probe]) -> None:
        self._add(tables.probes, probes)

    def probes(self, document: str) -> list[Probe]:
        return self._find(Probe, tables.probes, document=document)

    def add_scores(self, run: str, scores: Iterable[Score]) -> None:
        self._add(tables.scores, scores, run=run)

    def scores(self, run: str, subject: str, document: str) -> list[Score]:
        return self._of_probes(Score, tables.scores, document, run=run, subject=subject)

    def add_routed_answers(self, run: str, answers: Iterable[RoutedAnswer]) -> None:
        self._add(tables.routed_answers, answers, run=run)

    def routed_answers(self, run: str, document: str) -> list[RoutedAnswer]:
        return self._of_probes(RoutedAnswer, tables.routed_answers, document, run=run)

    def _of_probes(self, model: type[R], table: Table, document: str, **keys: str) -> list[R]:
        """The table's records with these values about the document's probes."""
        probes = tables.probes.c
        query = select_records(table, keys).join(tables.probes, probes.id == table.c.probe)
        return self._query(model, query.where(probes.document == document).order_by(table.c.seq))

    def add_retention(self, run: str, retention: Retention) -> None:
        self._add(tables.retentions, [retention], run=run)

    def retention(self, run: str, subject: str) -> Retention | None:
        return self._first(Retention, tables.retentions, run=run, subject=subject)

    def add_drift(self, run: str, drift: Drift) -> None:
        self._add(tables.drifts, [drift], run=run)

    def drift(self, run: str, subject: str) -> Drift | None:
        return self._first(Drift, tables.drifts, run=run, subject=subject)

    def add_reward(self, reward: Reward) -> None:
        self._add(tables.rewards, [reward])

    def reward(self, candidate: str) -> Reward | None:
        return self._first(Reward, tables.rewards, candidate=candidate)

    def strategy_rewards(self, base: str) -> dict[str, list[float]]:
        candidates, rewards = tables.candidates.c, tables.rewards.c
        query = select(candidates.strategy, rewards.value).join(tables.rewards, rewards.candidate == candidates.id)
        found: dict[str, list[float]] = {}
        with self._read() as connection:
            for strategy, value in connection.execute(query.where(candidates.base == base).order_by(rewards.seq)):
                found.setdefault(strategy, []).append(value)
        return found

    def add_decision(self, decision: GateDecision) -> None:
        self._add(tables.decisions, [decision])

    def decision(self, candidate: str) -> GateDecision | None:
        return self._first(GateDecision, tables.decisions, candidate=candidate)

    def add_winner(self, winner: Winner) -> bool:
        return bool(self._add(tables.winners, [winner]))

    def winners(self) -> list[Winner]:
        winners = tables.winners.c
        query = select(winners.record).where(winners.withdrawn_at.is_(None)).order_by(winners.seq)
        found = self._query(Winner, query)
        last = {(winner.document, winner.base): winner.candidate for winner in found}
        return [winner for winner in found if last[winner.document, winner.base] == winner.candidate]
