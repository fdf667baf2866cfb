"""The gate counts hits instead of margins: records lose the fields that nothing reads any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

GONE = {"scores": "margin", "decisions": "mean_difference"}


def upgrade() -> None:
    connection = op.get_bind()
    for name, field in GONE.items():
        table = sa.table(name, sa.column("seq"), sa.column("record", sa.JSON))
        for seq, record in connection.execute(sa.select(table.c.seq, table.c.record)).all():
            kept = {key: value for key, value in record.items() if key != field}
            connection.execute(sa.update(table).where(table.c.seq == seq).values(record=kept))
