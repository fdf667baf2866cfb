"""Winners can be withdrawn. Those of adapters that were taken back before are."""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

versions = sa.table("library_version", *(sa.column(n) for n in ("version", "parent", "added", "candidate", "removed")))
pointer = sa.table("library_pointer", sa.column("version"))
winners = sa.table("winners", sa.column("candidate"), sa.column("withdrawn_at"))


def upgrade() -> None:
    op.add_column("winners", sa.Column("withdrawn_at", sa.Double))
    connection = op.get_bind()
    for candidate in _taken_back(connection):
        withdrawn = sa.update(winners).where(winners.c.candidate == candidate)
        connection.execute(withdrawn.values(withdrawn_at=time.time()))


def _taken_back(connection: sa.Connection) -> set[str]:
    """Candidates that were published and do not stand in the current version."""
    known = {v.version: v for v in connection.execute(sa.select(versions))}
    version = connection.execute(sa.select(pointer.c.version)).scalar_one()
    line = []
    while version is not None:
        line.append(known[version])
        version = known[version].parent
    standing: dict[str, str] = {}
    for v in reversed(line):
        if v.removed is None:
            standing[v.candidate] = v.added
        else:
            standing = {candidate: added for candidate, added in standing.items() if added != v.removed}
    return {v.candidate for v in known.values() if v.candidate is not None} - standing.keys()
