"""A run knows its outer loop, its round and what that trains; an outcome is one of a closed set, with a detail.

Both stood in names until now: RUN.2.practice is the practice of round 2 of RUN, "failed: no answer" an outcome with its
reason. What is no known outcome counts as failed with its words as the reason, so that it is tried again.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

runs = sa.table(
    "runs", *(sa.column(n) for n in ("id", "kind", "parent", "round", "trains")), sa.column("config", sa.JSON)
)
documents = sa.table("run_documents", *(sa.column(n) for n in ("seq", "outcome", "detail")))

CHILD = re.compile(r"(.+)\.(\d+)\.(?:practice|held-out)")
KINDS = (
    "published", "rejected", "undecided", "waits for approval", "refused by a person", "no gain", "nothing to learn",
    "nothing to measure with", "no strategy that works", "too short to learn from", "known already", "measured",
)  # fmt: skip


def upgrade() -> None:
    op.add_column("runs", sa.Column("parent", sa.Text))
    op.add_column("runs", sa.Column("round", sa.Integer))
    op.add_column("runs", sa.Column("trains", sa.Text))
    op.add_column("run_documents", sa.Column("detail", sa.Text))
    connection = op.get_bind()
    for run in connection.execute(sa.select(runs).where(runs.c.kind.in_(("practice", "held-out")))).all():
        if named := CHILD.fullmatch(run.id):
            number = int(named[2])
            # Rounds take turns; runs from before there were writers trained planners only.
            learns = (run.config.get("improve") or {}).get("learns") or ["planner"]
            known = {"parent": named[1], "round": number, "trains": learns[(number - 1) % len(learns)]}
            connection.execute(sa.update(runs).where(runs.c.id == run.id).values(**known))
    for told in connection.execute(sa.select(documents).where(documents.c.outcome.is_not(None))).all():
        kind, detail = _parted(told.outcome)
        connection.execute(sa.update(documents).where(documents.c.seq == told.seq).values(outcome=kind, detail=detail))


def _parted(outcome: str) -> tuple[str, str]:
    if outcome.startswith("failed"):
        return "failed", outcome.removeprefix("failed").removeprefix(":").strip()
    kind = next((kind for kind in KINDS if outcome == kind or outcome.startswith(f"{kind} ")), None)
    return (kind, outcome.removeprefix(kind).strip()) if kind else ("failed", outcome)
