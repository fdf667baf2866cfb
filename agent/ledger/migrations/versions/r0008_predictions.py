"""What the reward model expected of self-edits before they were trained."""

from __future__ import annotations

from agent.ledger.migrations.making import create_records, index, texts

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    refers = {"self_edit": "self_edits.id"}
    create_records("predictions", *texts("self_edit", "run"), unique="self_edit", refers=refers)
    index("predictions", "run")
