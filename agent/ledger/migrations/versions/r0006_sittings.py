"""The sittings of each run: who worked on it, and how long. A run of an older seal gets one, as long as it reported."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agent.ledger.migrations.making import create, index, texts

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    sittings = create(
        "sittings",
        *texts("run"),
        sa.Column("process", sa.Integer),
        sa.Column("machine", sa.Text),
        sa.Column("began_at", sa.Double, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        refers={"run": "runs.id"},
    )
    index("sittings", "run")
    runs = sa.table("runs", sa.column("seq"), sa.column("id"), sa.column("summary", sa.JSON), sa.column("started_at"))
    connection = op.get_bind()
    found = connection.execute(sa.select(runs.c.id, runs.c.summary, runs.c.started_at).order_by(runs.c.seq)).all()
    for id, summary, started_at in found:
        fresh = {"run": id, "began_at": started_at, "seconds": summary.get("seconds", 0.0)}
        connection.execute(sa.insert(sittings).values(**fresh))
