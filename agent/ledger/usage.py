"""The part of the ledger about what runs used of accelerators and endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, case, func, select

from agent.ledger import tables
from agent.ledger.store import Store
from agent.records import Usage, Used


class Usages(Store):
    """Usage of accelerators stands in the events, that of endpoints in a table of its own."""

    def add_usage(self, usage: Usage) -> None:
        self._add(tables.usages, [usage])

    def used(self, runs: Sequence[str]) -> Used:
        event, usage, these = tables.events.c, tables.usages.c, list(runs)
        gpus, seconds = event.record[("data", "gpus")].as_integer(), event.record["seconds"].as_float()
        worked = select(_sum(gpus * seconds)).where(event.run.in_(these))
        silent = func.sum(case((usage.record["reported"].as_boolean(), 0), else_=1), type_=Integer)
        asked = select(
            func.count(), func.coalesce(silent, 0), _sum(usage.record["prompt_tokens"].as_integer()),
            _sum(usage.record["completion_tokens"].as_integer()), _sum(usage.record["money"].as_float()),
        ).where(usage.run.in_(these))  # fmt: skip
        with self._read() as connection:
            gpu_seconds = float(connection.execute(worked).scalar_one())
            answers, unreported, prompt, completion, money = connection.execute(asked).one()
        return Used(
            gpu_seconds=gpu_seconds, answers=int(answers), unreported=int(unreported), prompt_tokens=int(prompt),
            completion_tokens=int(completion), money=float(money),
        )  # fmt: skip


def _sum(values: Any) -> Any:
    return func.coalesce(func.sum(values), 0)
