"""The schema: fresh, migrated forward, refused when newer, and the same as the tables in the code."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from agent.errors import StoreError
from agent.ledger import open_ledger, schema
from agent.ledger.tables import metadata
from tests.fakes.ledger_samples import add_chain, chain, start

NEXT = "9999"
LATER = """
from alembic import op
import sqlalchemy as sa

revision = "{later}"
down_revision = "{head}"


def upgrade() -> None:
    op.add_column("documents", sa.Column("language", sa.Text, nullable=False, server_default="en"))
    {and_then}
"""


def migrations_with_a_second(folder: Path, and_then: str = "") -> Path:
    shutil.copytree(schema.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "r9999_later.py").write_text(LATER.format(later=NEXT, head=schema.HEAD, and_then=and_then))
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
    schema.prepare(engine, migrations_with_a_second(tmp_path / "later 100%"), NEXT)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT language FROM documents")).scalars().all() == ["en"]
    assert revision(engine) == NEXT


def test_migration_that_fails_leaves_the_ledger_as_it_was(url: str, engine: Engine, tmp_path: Path) -> None:
    with open_ledger(url) as ledger:
        start(ledger)
    broken = migrations_with_a_second(tmp_path / "broken", and_then='op.execute("SELECT * FROM nothing_of_the_kind")')
    with pytest.raises(StoreError, match="nothing_of_the_kind"):
        schema.prepare(engine, broken, NEXT)
    assert revision(engine) == schema.HEAD
    assert "language" not in {column["name"] for column in inspect(engine).get_columns("documents")}
    with open_ledger(url) as ledger:
        assert len(ledger.runs()) == 1


def test_newer_ledger_is_refused_and_left_alone(url: str, engine: Engine, tmp_path: Path) -> None:
    schema.prepare(engine, migrations_with_a_second(tmp_path / "later"), NEXT)
    with pytest.raises(StoreError, match=rf"written by a newer seal.*{NEXT}.*knows {schema.HEAD}") as refused:
        open_ledger(url)
    assert "Update seal" in refused.value.mend
    assert revision(engine) == NEXT


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
