"""What answers of endpoints took: tokens and money."""

from __future__ import annotations

from agent.ledger.migrations.making import create_records, index, texts

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    create_records("usages", *texts("id", "run"), unique="id")
    index("usages", "run")
