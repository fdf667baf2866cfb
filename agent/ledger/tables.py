"""The ledger's tables, as the newest migration leaves them. A test compares the two.

Every table of records has the same three columns: `seq` gives the order of insertion, `record` holds
the whole record as JSON, `created_at` is in seconds since 1970. The other columns repeat the fields
that are searched by or that refer to other tables; they are filled from the record's fields of the
same name.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import sqlalchemy as sa

OWN = frozenset({"seq", "record", "created_at", "withdrawn_at"})
"""Columns that the store fills itself, not from a record's fields."""

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _seq() -> sa.Column[Any]:
    # SQLite numbers rows by itself only where the key is of the type INTEGER.
    return sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)


def _records(name: str, *columns: Any) -> sa.Table:
    record, created = sa.Column("record", sa.JSON, nullable=False), sa.Column("created_at", sa.Double, nullable=False)
    return sa.Table(name, metadata, _seq(), *columns, record, created)


def _text(name: str, refers_to: str | None = None, unique: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, *([sa.ForeignKey(refers_to)] if refers_to else []), nullable=False, unique=unique)


_key = partial(_text, unique=True)


runs = sa.Table(
    "runs", metadata, _seq(), _key("id"), _text("kind"), _text("status"),
    sa.Column("config", sa.JSON, nullable=False), sa.Column("sources", sa.JSON, nullable=False),
    sa.Column("summary", sa.JSON, nullable=False),
    sa.Column("started_at", sa.Double, nullable=False), sa.Column("finished_at", sa.Double),
    sa.Column("parent", sa.Text), sa.Column("round", sa.Integer), sa.Column("trains", sa.Text),
)  # fmt: skip

sittings = sa.Table(
    "sittings", metadata, _seq(), _text("run", "runs.id"), sa.Column("process", sa.Integer),
    sa.Column("machine", sa.Text), sa.Column("began_at", sa.Double, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False), sa.Index(None, "run"),
)  # fmt: skip
"""One row each time that a process sits down to work on a run. `process` and `machine` are NULL where nobody noted
them; `seconds` goes up with every event."""

documents = _records("documents", _key("id"), _text("source"))

run_documents = sa.Table(
    "run_documents", metadata, _seq(), _text("run", "runs.id"), _text("document", "documents.id"),
    sa.Column("outcome", sa.Text), sa.Column("finished_at", sa.Double), sa.Column("base", sa.Text),
    sa.Column("detail", sa.Text), sa.UniqueConstraint("run", "document"), sa.Index(None, "document"),
)  # fmt: skip
"""`outcome` (its kind), `detail`, `finished_at` and `base` are NULL until the run has finished the document."""

plans = _records(
    "plans", _key("id"), _text("run", "runs.id"), _text("document", "documents.id"), _text("strategy"),
    sa.Index(None, "run", "document"),
)  # fmt: skip

self_edits = _records(
    "self_edits", _key("id"), _text("plan", "plans.id"), _text("document", "documents.id"), _text("strategy"),
    sa.Index(None, "plan"),
)  # fmt: skip

candidates = _records(
    "candidates", _key("id"), _text("run", "runs.id"), _text("document", "documents.id"),
    _text("self_edit", "self_edits.id"), _text("strategy"), _text("base"),
    sa.Index(None, "run", "document"), sa.Index(None, "base", "strategy"),
)  # fmt: skip

trainings = _records("trainings", _key("candidate", "candidates.id"))

probes = _records(
    "probes", _key("id"), _text("document", "documents.id"), _text("kind"), _text("half"), sa.Index(None, "document")
)

scores = _records(
    "scores", _text("run", "runs.id"), _text("subject"), _text("probe", "probes.id"),
    sa.UniqueConstraint("run", "subject", "probe"),
)  # fmt: skip

routed_answers = _records(
    "routed_answers", _text("run", "runs.id"), sa.Column("library", sa.Integer, nullable=False),
    _text("probe", "probes.id"), sa.UniqueConstraint("run", "library", "probe"),
)  # fmt: skip
"""`library` is a version of the library or 0, so it has no foreign key."""

retentions = _records(
    "retentions", _text("run", "runs.id"), _text("subject"), sa.UniqueConstraint("run", "subject")
)  # fmt: skip

drifts = _records("drifts", _text("run", "runs.id"), _text("subject"), sa.UniqueConstraint("run", "subject"))

rewards = _records("rewards", _key("candidate", "candidates.id"), sa.Column("value", sa.Double, nullable=False))

decisions = _records("decisions", _key("candidate", "candidates.id"), _text("verdict"))

winners = _records(
    "winners", _key("candidate", "candidates.id"), _text("document", "documents.id"), _text("strategy"),
    sa.Column("withdrawn_at", sa.Double),
)  # fmt: skip
"""`withdrawn_at` is NULL as long as the winner counts."""

adapters = _records(
    "adapters", _text("id"), _key("candidate", "candidates.id"), _text("document"), _text("base"), _text("run"),
    sa.Index(None, "id"),
)  # fmt: skip
"""One row a promotion. Two candidates can train to the same weights, so `id` alone is no key."""

library_version = sa.Table(
    "library_version", metadata, sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("parent", sa.Integer, sa.ForeignKey("library_version.version")),
    sa.Column("added", sa.Text), sa.Column("candidate", sa.Text, sa.ForeignKey("adapters.candidate"), unique=True),
    sa.Column("removed", sa.Text), _text("reason"), sa.Column("at", sa.Double, nullable=False),
)  # fmt: skip
"""`added` and `removed` are ids of adapters; `candidate` says which promotion `added` came from."""

library_pointer = sa.Table(
    "library_pointer", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, sa.ForeignKey("library_version.version")),
    sa.CheckConstraint("id = 1", name="single_row"),
)  # fmt: skip
"""Always one row, made by the first migration. A version of NULL means that nothing is published."""

policies = _records(
    "policies", _key("id"), _text("kind"), _text("run"), _text("arm"), _text("base"), sa.Index(None, "run")
)  # fmt: skip
"""`run` is "" for a policy that has learned nothing, so it has no foreign key."""

promotions = _records(
    "promotions", _key("id"), _text("kind"), _text("base"), _text("policy", "policies.id"), sa.Index(None, "base")
)  # fmt: skip

predictions = _records("predictions", _key("self_edit", "self_edits.id"), _text("run"), sa.Index(None, "run"))

rounds = _records(
    "rounds", _text("run", "runs.id"), sa.Column("number", sa.Integer, nullable=False),
    sa.UniqueConstraint("run", "number"),
)  # fmt: skip

approvals = _records("approvals", _key("id"), _text("run"))

answers = _records("answers", _key("approval", "approvals.id"))

usages = _records("usages", _key("id"), _text("run"), sa.Index(None, "run"))
"""No foreign key, as with events."""

events = _records(
    "events", _text("run"), _text("step"), _text("document"), _text("subject"), _text("status"),
    sa.Index(None, "run", "seq"),
)  # fmt: skip
"""No foreign keys: an event may tell of a thing that never came to be."""
