"""How the migrations make tables: with `seq` as the key, and constraints that are named as in `agent.ledger.tables`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op


def texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def create(table: str, *columns: Any, unique: str = "", refers: dict[str, str] | None = None) -> sa.Table:
    """A table with `seq` as its key, one unique constraint, and foreign keys as {column: "table.column"}."""
    constraints: list[Any] = [sa.PrimaryKeyConstraint("seq", name=f"pk_{table}")]
    if unique:
        names = unique.split()
        constraints.append(sa.UniqueConstraint(*names, name=f"uq_{table}_{'_'.join(names)}"))
    for column, target in (refers or {}).items():
        constraints.append(sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}"))
    seq = sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False)
    return op.create_table(table, seq, *columns, *constraints)


def create_records(table: str, *columns: Any, unique: str = "", refers: dict[str, str] | None = None) -> None:
    """A table of records: as `create` does, with the two columns that all of them have."""
    record = sa.Column("record", sa.JSON, nullable=False)
    created = sa.Column("created_at", sa.Double, nullable=False)
    create(table, *columns, record, created, unique=unique, refers=refers)


def index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
