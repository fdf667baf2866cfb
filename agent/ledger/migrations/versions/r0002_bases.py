"""The base model of each outcome and each winner, so that another base learns the same documents anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

FIRST_DEFAULT = "packaged"
"""The base of runs whose configuration names none: what seal took then."""

runs = sa.table("runs", sa.column("id"), sa.column("config", sa.JSON))
run_documents = sa.table("run_documents", sa.column("run"), sa.column("outcome"), sa.column("base"))
candidates = sa.table("candidates", sa.column("id"), sa.column("base"))
winners = sa.table("winners", sa.column("candidate"), sa.column("record", sa.JSON))


def upgrade() -> None:
    op.add_column("run_documents", sa.Column("base", sa.Text))
    _outcomes()
    _winners()


def _outcomes() -> None:
    connection = op.get_bind()
    for run, config in connection.execute(sa.select(runs.c.id, runs.c.config)).all():
        base = config.get("model", {}).get("name", FIRST_DEFAULT)
        finished = (run_documents.c.run == run) & run_documents.c.outcome.is_not(None)
        connection.execute(sa.update(run_documents).where(finished).values(base=base))


def _winners() -> None:
    connection = op.get_bind()
    query = sa.select(winners.c.candidate, winners.c.record, candidates.c.base).join(
        candidates, candidates.c.id == winners.c.candidate
    )
    for candidate, record, base in connection.execute(query).all():
        whole = {**record, "base": base}
        connection.execute(sa.update(winners).where(winners.c.candidate == candidate).values(record=whole))
