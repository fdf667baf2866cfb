"""What the reward model expected of self-edits before they were trained."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "predictions",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("self_edit", sa.Text, nullable=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("record", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_predictions"),
        sa.UniqueConstraint("self_edit", name="uq_predictions_self_edit"),
        sa.ForeignKeyConstraint(["self_edit"], ["self_edits.id"], name="fk_predictions_self_edit"),
    )
    op.create_index("ix_predictions_run", "predictions", ["run"])
