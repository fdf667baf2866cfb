"""LangGraph's checkpoints: where a run is. They may be lost, since the ledger knows what is left to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path

from langgraph.checkpoint.base import BaseCheckpointSaver
from sqlalchemy import make_url

from agent.config import Config
from agent.errors import MissingExtra, StoreError
from agent.ledger.engine import WAIT_SECONDS, explained

Saver = BaseCheckpointSaver[str]


@contextmanager
def open_checkpoints(config: Config) -> Iterator[Saver]:
    """The checkpointer: in the ledger's database where that is PostgreSQL, else in SQLite under the home folder.

    In a PostgreSQL ledger, the one that opens it must be the only one that learns (`Ledger.alone`): it may make tables.

    Raises:
        StoreError: also from what is done inside with the checkpoints: the disk is full, the database is locked,
            damaged or gone.
        MissingExtra: the checkpointer for PostgreSQL is not installed.
    """
    if config.ledger_url.startswith("postgres"):
        with _postgresql(config.ledger_url) as saver:
            yield saver
    else:
        with _sqlite(config.checkpoints_path) as saver:
            yield saver


@contextmanager
def _sqlite(path: Path) -> Iterator[Saver]:
    from graphs.savers.sqlite import NewestInSqlite

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # LangGraph writes from its own threads, and takes turns by a lock.
        with closing(sqlite3.connect(path, timeout=WAIT_SECONDS, check_same_thread=False)) as connection:
            yield NewestInSqlite(connection)
    except sqlite3.Error as error:
        told = explained(error, f"the file of checkpoints {path}")
        if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            raise StoreError(told.cause, "Delete it: the ledger knows what is left to do.") from error
        raise told from error


@contextmanager
def _postgresql(url: str) -> Iterator[Saver]:
    try:
        import_module("langgraph.checkpoint.postgres")
        import psycopg

        from graphs.savers.postgresql import NewestInPostgresql
    except ModuleNotFoundError as error:
        raise MissingExtra("a run with a ledger in PostgreSQL", "postgres") from error
    address = make_url(url).set(drivername="postgresql")
    try:
        with NewestInPostgresql.from_conn_string(address.render_as_string(hide_password=False)) as saver:
            saver.setup()
            yield saver
    except psycopg.Error as error:
        raise explained(error, f"the checkpoints at {address.render_as_string(hide_password=True)}") from error
