"""What waits for a person, and what people said."""

from __future__ import annotations

from agent.ledger.migrations.making import create_records, texts

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    create_records("approvals", *texts("id", "run"), unique="id")
    create_records("answers", *texts("approval"), unique="approval", refers={"approval": "approvals.id"})
