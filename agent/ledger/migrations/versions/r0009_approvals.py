"""What waits for a person, and what people said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def _create(name: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        *columns,
        sa.Column("record", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=f"pk_{name}"),
    )


def upgrade() -> None:
    _create(
        "approvals", sa.Column("id", sa.Text, nullable=False), sa.Column("run", sa.Text, nullable=False),
        sa.UniqueConstraint("id", name="uq_approvals_id"),
    )  # fmt: skip
    _create(
        "answers", sa.Column("approval", sa.Text, nullable=False),
        sa.UniqueConstraint("approval", name="uq_answers_approval"),
        sa.ForeignKeyConstraint(["approval"], ["approvals.id"], name="fk_answers_approval"),
    )  # fmt: skip
