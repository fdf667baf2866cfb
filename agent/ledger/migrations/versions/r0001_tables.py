"""The first tables of the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agent.ledger.migrations.making import create, create_records, index, texts

revision = "0001"
down_revision = None


def upgrade() -> None:
    _reading()
    _writing()
    _measuring()
    _publishing()


def _reading() -> None:
    create(
        "runs",
        *texts("id", "kind", "status"),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("config", "sources", "summary")),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("finished_at", sa.Double),
        unique="id",
    )
    create_records("documents", *texts("id", "source"), unique="id")
    create(
        "run_documents",
        *texts("run", "document"),
        sa.Column("outcome", sa.Text),
        sa.Column("finished_at", sa.Double),
        unique="run document",
        refers={"run": "runs.id", "document": "documents.id"},
    )
    index("run_documents", "document")
    create_records("events", *texts("run", "step", "document", "subject", "status"))
    index("events", "run", "seq")


def _writing() -> None:
    belongs = {"run": "runs.id", "document": "documents.id"}
    create_records("plans", *texts("id", "run", "document", "strategy"), unique="id", refers=belongs)
    index("plans", "run", "document")
    written = {"plan": "plans.id", "document": "documents.id"}
    create_records("self_edits", *texts("id", "plan", "document", "strategy"), unique="id", refers=written)
    index("self_edits", "plan")
    create_records(
        "candidates",
        *texts("id", "run", "document", "self_edit", "strategy", "base"),
        unique="id",
        refers=belongs | {"self_edit": "self_edits.id"},
    )
    index("candidates", "run", "document")
    index("candidates", "base", "strategy")


def _measuring() -> None:
    candidate = {"candidate": "candidates.id"}
    create_records("trainings", *texts("candidate"), unique="candidate", refers=candidate)
    create_records("probes", *texts("id", "document", "kind", "half"), unique="id", refers={"document": "documents.id"})
    index("probes", "document")
    scored = {"run": "runs.id", "probe": "probes.id"}
    create_records("scores", *texts("run", "subject", "probe"), unique="run subject probe", refers=scored)
    create_records("retentions", *texts("run", "subject"), unique="run subject", refers={"run": "runs.id"})
    value = sa.Column("value", sa.Double, nullable=False)
    create_records("rewards", *texts("candidate"), value, unique="candidate", refers=candidate)
    create_records("decisions", *texts("candidate", "verdict"), unique="candidate", refers=candidate)
    won = candidate | {"document": "documents.id"}
    create_records("winners", *texts("candidate", "document", "strategy"), unique="candidate", refers=won)


def _publishing() -> None:
    adapter = texts("id", "candidate", "document", "base", "run")
    create_records("adapters", *adapter, unique="candidate", refers={"candidate": "candidates.id"})
    index("adapters", "id")
    op.create_table(
        "library_version",
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("parent", sa.Integer),
        *(sa.Column(name, sa.Text) for name in ("added", "candidate", "removed")),
        *texts("reason"),
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
