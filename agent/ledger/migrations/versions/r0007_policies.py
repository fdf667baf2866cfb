"""The outer loop: policies, which of them act, and the rounds that led there."""

from __future__ import annotations

import sqlalchemy as sa

from agent.ledger.migrations.making import create_records, index, texts

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    create_records("policies", *texts("id", "run", "arm", "base"), unique="id")
    index("policies", "run")
    create_records("promotions", *texts("id", "base", "policy"), unique="id", refers={"policy": "policies.id"})
    index("promotions", "base")
    number = sa.Column("number", sa.Integer, nullable=False)
    create_records("rounds", *texts("run"), number, unique="run number", refers={"run": "runs.id"})
