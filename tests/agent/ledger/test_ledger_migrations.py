"""The schema: fresh, migrated forward, refused when newer, and the same as the tables in the code."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, insert, inspect, text, update

from agent.errors import StoreError
from agent.ledger import open_ledger, schema
from agent.ledger.tables import metadata
from agent.records import Document, Outcome, Record
from tests.fakes.ledger_samples import add_chain, chain, published, start

LATER = f"""
from alembic import op
import sqlalchemy as sa

revision = "9999"
down_revision = "{schema.HEAD}"


def upgrade() -> None:
    op.add_column("documents", sa.Column("language", sa.Text, nullable=False, server_default="en"))
    {{and_then}}
"""


def migrations_with_a_later(folder: Path, and_then: str = "") -> Path:
    shutil.copytree(schema.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "r9999_later.py").write_text(LATER.format(and_then=and_then))
    return folder


def first_migrations(folder: Path, most: str) -> Path:
    """Our migrations up to a revision: what an older seal had."""
    shutil.copytree(schema.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (folder / "versions").glob("r*.py"):
        if path.name[1:5] > most:
            path.unlink()
    return folder


def revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return connection.execute(text(f"SELECT version_num FROM {schema.VERSION_TABLE}")).scalar()


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(schema.MIGRATIONS)).get_heads() == [schema.HEAD]


def test_migrations_make_the_tables_of_the_code(url: str, engine: Engine) -> None:
    open_ledger(url).close()
    with engine.connect() as connection:
        options = {"version_table": schema.VERSION_TABLE, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
        found = inspect(connection)
        for table in metadata.sorted_tables:
            wanted = {(c.parent.name, c.target_fullname) for c in table.foreign_keys}
            keys = found.get_foreign_keys(table.name)
            assert {
                (k["constrained_columns"][0], f"{k['referred_table']}.{k['referred_columns'][0]}") for k in keys
            } == (wanted)


def test_opening_again_changes_nothing(url: str) -> None:
    with open_ledger(url) as ledger:
        start(ledger)
        add_chain(ledger, chain())
    with open_ledger(url) as ledger:
        assert ledger.documents() == [chain().document]
        assert ledger.winners() == [chain().winner]


def test_older_ledger_is_migrated_with_its_records(url: str, engine: Engine, tmp_path: Path) -> None:
    with open_ledger(url) as ledger:
        start(ledger)
        add_chain(ledger, chain())
    schema.prepare(engine, migrations_with_a_later(tmp_path / "later 100%"), "9999")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT language FROM documents")).scalars().all() == ["en"]
    assert revision(engine) == "9999"


def test_outcomes_and_winners_of_an_older_ledger_get_their_base(url: str, engine: Engine, tmp_path: Path) -> None:
    schema.prepare(engine, first_migrations(tmp_path / "old", "0001"), "0001")
    it, now = chain(base="big"), 1.0
    with engine.begin() as connection:
        old = MetaData()
        old.reflect(connection)

        def add(table: str, record: Record | None = None, **columns: Any) -> None:
            kept = {} if record is None else {"record": record.model_dump(mode="json"), "created_at": now}
            connection.execute(insert(old.tables[table]).values(**columns, **kept))

        run: dict[str, Any] = {"kind": "ingest", "status": "done", "sources": [], "summary": {}, "started_at": now}
        for name, config in (("run-1", {"model": {"name": "big"}}), ("run-2", {}), ("run-3", {})):
            add("runs", id=name, config=config, **run)
        add("documents", it.document, id=it.document.id, source="")
        for name, outcome in (("run-1", "published"), ("run-2", "rejected"), ("run-3", None)):
            add("run_documents", run=name, document=it.document.id, outcome=outcome, finished_at=outcome and now)
        keys = {"document": it.document.id, "strategy": it.plan.strategy}
        add("plans", it.plan, id=it.plan.id, run="run-1", **keys)
        add("self_edits", it.self_edit, id=it.self_edit.id, plan=it.plan.id, **keys)
        edit = {"self_edit": it.self_edit.id, "base": "big"}
        add("candidates", it.candidate, id=it.candidate.id, run="run-1", **edit, **keys)
        add("winners", it.winner, candidate=it.candidate.id, **keys)
        without = it.winner.model_dump(mode="json", exclude={"base"})
        connection.execute(update(old.tables["winners"]).values(record=without))
    with open_ledger(url) as ledger:
        assert ledger.winners() == [it.winner]
        assert ledger.outcome(it.document.id, "big") == Outcome(kind="published")
        rejected = Outcome(kind="rejected")
        assert ledger.outcome(it.document.id, "packaged") == rejected, "what seal took where nothing was configured"
        assert ledger.outcome(it.document.id, "other") is None


def test_winners_of_adapters_that_were_taken_back_before_are_withdrawn(url: str, engine: Engine) -> None:
    kept, moved, removed = (chain(name) for name in "abc")
    with open_ledger(url) as ledger:
        published(ledger, kept, removed, moved)
        ledger.rollback(None, "worse")
        ledger.rollback(removed.adapter.id, "bad")
        with engine.begin() as connection:  # as revision 0002 left it
            for later in (
                "drifts",
                "usages",
                "answers",
                "approvals",
                "predictions",
                "rounds",
                "promotions",
                "policies",
                "sittings",
                "routed_answers",
            ):
                connection.execute(text(f"DROP TABLE {later}"))
            later_columns = ("winners.withdrawn_at", "runs.parent", "runs.round", "runs.trains", "run_documents.detail")
            for table, column in (name.split(".") for name in later_columns):
                connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
            connection.execute(text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '0002'"))
    with open_ledger(url) as ledger:
        assert ledger.winners() == [kept.winner]


def test_runs_of_an_older_ledger_keep_the_seconds_that_they_reported(url: str, engine: Engine, tmp_path: Path) -> None:
    schema.prepare(engine, first_migrations(tmp_path / "old", "0005"), "0005")
    with engine.begin() as connection:
        (old := MetaData()).reflect(connection)
        run: dict[str, Any] = {"kind": "ingest", "config": {}, "sources": []}
        for name, status, summary in (("run-1", "done", {"seconds": 7.5}), ("run-2", "stopped", {})):
            row = {"id": name, "status": status, "summary": summary, "started_at": 3.0, **run}
            connection.execute(insert(old.tables["runs"]).values(**row))
    with open_ledger(url) as ledger:
        told = [(r.id, r.seconds, r.sittings, r.began_at, r.process) for r in ledger.runs()]
        assert told == [("run-1", 7.5, 1, 3.0, None), ("run-2", 0.0, 1, 3.0, None)]


def test_runs_and_outcomes_of_an_older_ledger_are_taken_apart(url: str, engine: Engine, tmp_path: Path) -> None:
    schema.prepare(engine, first_migrations(tmp_path / "old", "0012"), "0012")
    documents = [Document.make(f"Title {n}", "Text.") for n in range(6)]
    outcomes = ("failed: no candidate could be trained", "nothing to measure with in this language (fr)", "published",
                "failed", "known already", "a word that nobody knows")  # fmt: skip
    learns = {"improve": {"learns": ["planner", "writer"]}}
    with engine.begin() as connection:
        (old := MetaData()).reflect(connection)
        runs: dict[str, tuple[str, dict[str, Any]]] = {
            "a.b": ("improve", learns), "a.b.1.practice": ("practice", {"improve": {}}),
            "a.b.2.held-out": ("held-out", learns), "a.b.exam": ("held-out", learns),
        }  # fmt: skip
        for name, (kind, config) in runs.items():
            row = {"id": name, "kind": kind, "status": "done", "config": config, "sources": [], "summary": {}}
            connection.execute(insert(old.tables["runs"]).values(**row, started_at=1.0))
            connection.execute(insert(old.tables["sittings"]).values(run=name, began_at=1.0, seconds=2.0))
        for document, outcome in zip(documents, outcomes, strict=True):
            kept = {"record": document.model_dump(mode="json"), "created_at": 1.0}
            connection.execute(insert(old.tables["documents"]).values(id=document.id, source="", **kept))
            done = {"run": "a.b", "document": document.id, "outcome": outcome, "base": "tiny", "finished_at": 1.0}
            connection.execute(insert(old.tables["run_documents"]).values(**done))
    with open_ledger(url) as ledger:
        assert [(r.parent, r.round, r.trains) for r in ledger.runs()] == [
            (None, None, None), ("a.b", 1, "planner"), ("a.b", 2, "writer"), (None, None, None),
        ]  # fmt: skip
        assert list(ledger.outcomes("a.b").values()) == [
            Outcome.failed("no candidate could be trained"),
            Outcome(kind="nothing to measure with", detail="in this language (fr)"),
            Outcome(kind="published"), Outcome.failed(""), Outcome(kind="known already"),
            Outcome.failed("a word that nobody knows"),
        ]  # fmt: skip
        assert str(ledger.outcomes("a.b")[documents[1].id]) == outcomes[1]


def test_migration_that_fails_leaves_the_ledger_as_it_was(url: str, engine: Engine, tmp_path: Path) -> None:
    with open_ledger(url) as ledger:
        start(ledger)
    broken = migrations_with_a_later(tmp_path / "broken", and_then='op.execute("SELECT * FROM nothing_of_the_kind")')
    with pytest.raises(StoreError, match="nothing_of_the_kind"):
        schema.prepare(engine, broken, "9999")
    assert revision(engine) == schema.HEAD
    assert "language" not in {column["name"] for column in inspect(engine).get_columns("documents")}
    with open_ledger(url) as ledger:
        assert len(ledger.runs()) == 1


def test_newer_ledger_is_refused_and_left_alone(url: str, engine: Engine, tmp_path: Path) -> None:
    schema.prepare(engine, migrations_with_a_later(tmp_path / "later"), "9999")
    with pytest.raises(StoreError, match=rf"written by a newer seal.*9999.*knows {schema.HEAD}") as refused:
        open_ledger(url)
    assert "Update seal" in refused.value.mend
    assert revision(engine) == "9999"


def test_database_of_another_program_is_refused(url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE documents (name TEXT)"))
    with pytest.raises(StoreError, match=r"belongs to another program.*documents"):
        open_ledger(url)
    assert inspect(engine).get_table_names() == ["documents"]


def test_database_can_be_shared_with_programs_that_use_other_names(url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('theirs')"))
    with open_ledger(url) as ledger:
        start(ledger)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == ["theirs"]
