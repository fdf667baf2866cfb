"""Answers of probes that were asked through the router."""

from __future__ import annotations

import sqlalchemy as sa

from agent.ledger.migrations.making import create_records, texts

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    library = sa.Column("library", sa.Integer, nullable=False)
    refers = {"run": "runs.id", "probe": "probes.id"}
    run, probe = texts("run", "probe")
    create_records("routed_answers", run, library, probe, unique="run library probe", refers=refers)
