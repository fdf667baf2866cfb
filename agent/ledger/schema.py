"""Bringing a database to the newest schema. Alembic is imported only where there is something to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from agent.errors import StoreError
from agent.ledger.engine import WRITES, place, store_errors
from agent.ledger.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0013"
"""The newest revision. A test holds it against the migrations."""

MIGRATIONS = Path(__file__).parent / "migrations"

VERSION_TABLE = "seal_ledger_revision"
"""Not Alembic's usual name, so that the ledger can share a PostgreSQL database with other programs."""

_LOCK = 0x5EA1
"""The number of PostgreSQL's advisory lock on migrating."""


def prepare(engine: Engine, migrations: Path = MIGRATIONS, head: str = HEAD) -> None:
    """Migrate the database forward where its revision is not `head`. Several processes may do so at once.

    Raises:
        StoreError: written by a newer seal, holds another program's tables, or cannot be read or written.
    """
    with store_errors(engine):
        with engine.connect() as connection:
            revision = _revision(connection)
        if revision != head:
            _upgrade(engine, migrations, head)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    revision = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    return None if revision is None else str(revision)


def _upgrade(engine: Engine, migrations: Path, head: str) -> None:
    from alembic import command
    from alembic.config import Config

    with engine.connect().execution_options(**WRITES) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        # Asked again under the lock: another process may have done it meanwhile.
        revision = _revision(connection)
        if revision == head:
            return
        config = Config()
        config.set_main_option("script_location", str(migrations).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.attributes.update(connection=connection, version_table=VERSION_TABLE)
        _refuse_strangers(connection, revision, config, head)
        command.upgrade(config, "head")


def _refuse_strangers(connection: Connection, revision: str | None, config: Config, head: str) -> None:
    from alembic.script import ScriptDirectory

    where = place(connection.engine)
    if revision is None:
        strange = set(inspect(connection).get_table_names()) & set(metadata.tables)
        if strange:
            cause = f"the database at {where} belongs to another program: it has tables named {', '.join(strange)}"
            raise StoreError(cause, "Give the ledger a database of its own in [ledger] url.")
    elif revision not in {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}:
        cause = f"this ledger was written by a newer seal: {where} has revision {revision}, this seal knows {head}"
        raise StoreError(cause, "Update seal (pip install -U seal), or choose another folder with --home.")
