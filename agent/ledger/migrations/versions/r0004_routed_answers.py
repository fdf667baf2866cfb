"""Answers of probes that were asked through the router."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "routed_answers",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("library", sa.Integer, nullable=False),
        sa.Column("probe", sa.Text, nullable=False),
        sa.Column("record", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_routed_answers"),
        sa.UniqueConstraint("run", "library", "probe", name="uq_routed_answers_run_library_probe"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_routed_answers_run"),
        sa.ForeignKeyConstraint(["probe"], ["probes.id"], name="fk_routed_answers_probe"),
    )
