"""The first tables of the ledger."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _reading()
    _writing()
    _measuring()
    _publishing()


def _seq() -> sa.Column[Any]:
    return sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False)


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _create(table: str, *columns: Any, unique: str = "", refers: dict[str, str] | None = None) -> None:
    """A table with `seq` as its key, one unique constraint, and foreign keys as {column: "table.column"}."""
    constraints: list[Any] = [sa.PrimaryKeyConstraint("seq", name=f"pk_{table}")]
    if unique:
        names = unique.split()
        constraints.append(sa.UniqueConstraint(*names, name=f"uq_{table}_{'_'.join(names)}"))
    for column, target in (refers or {}).items():
        constraints.append(sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}"))
    op.create_table(table, _seq(), *columns, *constraints)


def _records(table: str, *columns: Any, unique: str = "", refers: dict[str, str] | None = None) -> None:
    record = sa.Column("record", sa.JSON, nullable=False)
    created = sa.Column("created_at", sa.Double, nullable=False)
    _create(table, *columns, record, created, unique=unique, refers=refers)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _reading() -> None:
    _create(
        "runs",
        *_text("id", "kind", "status"),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("config", "sources", "summary")),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("finished_at", sa.Double),
        unique="id",
    )
    _records("documents", *_text("id", "source"), unique="id")
    _create(
        "run_documents",
        *_text("run", "document"),
        sa.Column("outcome", sa.Text),
        sa.Column("finished_at", sa.Double),
        unique="run document",
        refers={"run": "runs.id", "document": "documents.id"},
    )
    _index("run_documents", "document")
    _records("events", *_text("run", "step", "document", "subject", "status"))
    _index("events", "run", "seq")


def _writing() -> None:
    belongs = {"run": "runs.id", "document": "documents.id"}
    _records("plans", *_text("id", "run", "document", "strategy"), unique="id", refers=belongs)
    _index("plans", "run", "document")
    written = {"plan": "plans.id", "document": "documents.id"}
    _records("self_edits", *_text("id", "plan", "document", "strategy"), unique="id", refers=written)
    _index("self_edits", "plan")
    _records(
        "candidates",
        *_text("id", "run", "document", "self_edit", "strategy", "base"),
        unique="id",
        refers=belongs | {"self_edit": "self_edits.id"},
    )
    _index("candidates", "run", "document")
    _index("candidates", "base", "strategy")


def _measuring() -> None:
    candidate = {"candidate": "candidates.id"}
    _records("trainings", *_text("candidate"), unique="candidate", refers=candidate)
    _records("probes", *_text("id", "document", "kind", "half"), unique="id", refers={"document": "documents.id"})
    _index("probes", "document")
    scored = {"run": "runs.id", "probe": "probes.id"}
    _records("scores", *_text("run", "subject", "probe"), unique="run subject probe", refers=scored)
    _records("retentions", *_text("run", "subject"), unique="run subject", refers={"run": "runs.id"})
    value = sa.Column("value", sa.Double, nullable=False)
    _records("rewards", *_text("candidate"), value, unique="candidate", refers=candidate)
    _records("decisions", *_text("candidate", "verdict"), unique="candidate", refers=candidate)
    won = candidate | {"document": "documents.id"}
    _records("winners", *_text("candidate", "document", "strategy"), unique="candidate", refers=won)


def _publishing() -> None:
    adapter = _text("id", "candidate", "document", "base", "run")
    _records("adapters", *adapter, unique="candidate", refers={"candidate": "candidates.id"})
    _index("adapters", "id")
    op.create_table(
        "library_version",
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("parent", sa.Integer),
        *(sa.Column(name, sa.Text) for name in ("added", "candidate", "removed")),
        *_text("reason"),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_library_version"),
        sa.UniqueConstraint("candidate", name="uq_library_version_candidate"),
        sa.ForeignKeyConstraint(["parent"], ["library_version.version"], name="fk_library_version_parent"),
        sa.ForeignKeyConstraint(["candidate"], ["adapters.candidate"], name="fk_library_version_candidate"),
    )
    pointer = op.create_table(
        "library_pointer",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_library_pointer"),
        sa.ForeignKeyConstraint(["version"], ["library_version.version"], name="fk_library_pointer_version"),
        sa.CheckConstraint("id = 1", name="ck_library_pointer_single_row"),
    )
    op.bulk_insert(pointer, [{"id": 1, "version": None}])
