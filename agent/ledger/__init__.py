"""The ledger: everything that happened, in SQLite or PostgreSQL. It is the truth; other stores are rebuilt from it."""

from __future__ import annotations

from agent.clock import Clock
from agent.ledger.alone import Learners
from agent.ledger.engine import make_engine
from agent.ledger.measures import Measures
from agent.ledger.policies import Approvals
from agent.ledger.runs import Runs
from agent.ledger.schema import prepare


class SqlLedger(Runs, Measures, Approvals, Learners):
    """The `Ledger` port over SQLAlchemy. Made by `open_ledger`."""


def open_ledger(url: str, clock: Clock | None = None) -> SqlLedger:
    """Open the ledger of a database URL, e.g. "sqlite:///home/ledger.sqlite"; make or migrate it where needed.

    Raises:
        StoreError: the database cannot be opened, belongs to another program, or was written by a newer seal.
        MissingExtra: PostgreSQL's driver is not installed.
    """
    engine = make_engine(url)
    try:
        prepare(engine)
    except BaseException:
        engine.dispose()
        raise
    return SqlLedger(engine, clock or Clock())


__all__ = ["SqlLedger", "open_ledger"]
