"""The outer loop: policies, which of them act, and the rounds that led there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def _create(name: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        *columns,
        sa.Column("record", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=f"pk_{name}"),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def upgrade() -> None:
    _create(
        "policies", _text("id"), _text("run"), _text("arm"), _text("base"),
        sa.UniqueConstraint("id", name="uq_policies_id"),
    )  # fmt: skip
    op.create_index("ix_policies_run", "policies", ["run"])
    _create(
        "promotions", _text("id"), _text("base"), _text("policy"),
        sa.UniqueConstraint("id", name="uq_promotions_id"),
        sa.ForeignKeyConstraint(["policy"], ["policies.id"], name="fk_promotions_policy"),
    )  # fmt: skip
    op.create_index("ix_promotions_base", "promotions", ["base"])
    _create(
        "rounds", _text("run"), sa.Column("number", sa.Integer, nullable=False),
        sa.UniqueConstraint("run", "number", name="uq_rounds_run_number"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_rounds_run"),
    )  # fmt: skip
