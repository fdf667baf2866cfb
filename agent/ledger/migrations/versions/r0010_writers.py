"""Policies that write beside those that plan."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    for table in ("policies", "promotions"):
        op.add_column(table, sa.Column("kind", sa.Text, nullable=False, server_default="planner"))
