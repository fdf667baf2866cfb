"""How far adapters are from their base."""

from __future__ import annotations

from agent.ledger.migrations.making import create_records, texts

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    create_records("drifts", *texts("run", "subject"), unique="run subject", refers={"run": "runs.id"})
