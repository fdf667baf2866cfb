"""Alembic's entry: runs the revisions on the connection that `agent.ledger.schema` hands over.

The caller has begun a transaction and commits it, so the revisions happen all or not at all.
"""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
)
context.run_migrations()
