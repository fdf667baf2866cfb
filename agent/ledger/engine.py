"""Opening the database of a URL, and turning what it complains about into errors that people can act on."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, exc, make_url

from agent.errors import MissingExtra, RecordError, StoreError
from agent.records import Record

WAIT_SECONDS = 30
"""How long a write waits for another process's write, and a connection for a server, before it gives up."""

WRITES = {"seal_writes": True}
"""The execution option of a connection whose transaction is going to write."""


def make_engine(url: str) -> Engine:
    """An engine for SQLite or PostgreSQL. Creates the folder of an SQLite file, connects to nothing.

    Raises:
        StoreError: the URL cannot be understood, names another kind of database, or its folder cannot be made.
        MissingExtra: PostgreSQL's driver is not installed.
    """
    try:
        address = make_url(url)
    except exc.ArgumentError as error:
        raise StoreError("the ledger's URL cannot be understood", "Write it as sqlite:///FILE.") from error
    match address.get_backend_name():
        case "sqlite":
            return _sqlite(address)
        case "postgresql" | "postgres":
            return _postgresql(address)
        case other:
            raise StoreError(f"the ledger cannot be kept in '{other}'", "Use a sqlite:/// or postgresql:// URL.")


def is_there(url: str) -> bool:
    """Whether a ledger may be there: all but an SQLite file that nobody has made yet."""
    file = file_of(make_url(url)) if url.startswith("sqlite") else None
    return file is None or file.exists()


def file_of(address: URL) -> Path | None:
    """The file of an SQLite database; None for one in memory."""
    return None if address.database in (None, "", ":memory:") else Path(str(address.database))


def place(engine: Engine) -> str:
    """Where the ledger is, for messages: the file, or the URL without its password."""
    if engine.dialect.name == "sqlite":
        return engine.url.database or ":memory:"
    return engine.url.render_as_string(hide_password=True)


def _encode(value: Any) -> str:
    """Records and plain JSON values alike, so that a record is turned into text once."""
    return value.model_dump_json() if isinstance(value, Record) else json.dumps(value)


def _sqlite(address: URL) -> Engine:
    options: dict[str, Any] = {"check_same_thread": False, "timeout": WAIT_SECONDS}
    pool: dict[str, Any] = {}
    if file := file_of(address):
        _make_folder(file.parent)
    else:
        # A database in memory lives as long as its connection: one for everybody, who take turns.
        pool = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0}
    engine = create_engine(address, connect_args=options, json_serializer=_encode, **pool)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"the ledger's folder {folder} cannot be made: {error.strerror}"
        raise StoreError(reason, "Choose another folder with --home.") from error


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # Python's driver would begin transactions by itself, too late for a consistent read; _begin_sqlite does it.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    _use_wal(connection)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Let readers go on while one writes. The file remembers it, so only the first process changes anything.

    Two processes that change it at once refuse each other without waiting, whatever the timeout.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that starts by reading and then writes fails at once where another wrote in between, without
    # waiting its turn. So one that is going to write takes the lock first.
    writes = connection.get_execution_options().get("seal_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(address: URL) -> Engine:
    try:
        return create_engine(
            address.set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": WAIT_SECONDS},
            json_serializer=_encode,
            pool_pre_ping=True,
        )
    except ModuleNotFoundError as error:
        raise MissingExtra("a ledger in PostgreSQL", "postgres") from error


@contextmanager
def store_errors(engine: Engine) -> Iterator[None]:
    """Raise what the database complains about as a StoreError. Mistakes of our own pass unchanged."""
    try:
        yield
    except (exc.DBAPIError, exc.TimeoutError) as error:
        raise _explain(error, place(engine)) from error


_SQLITE = {
    "SQLITE_BUSY": ("has been locked by another process for too long", "Stop the other seal, or wait for it."),
    "SQLITE_FULL": ("has no room left: the disk is full", "Free some disk space, then run the same command again."),
    "SQLITE_READONLY": ("is read-only", "Make the file and its folder writable, or choose another --home."),
    "SQLITE_CANTOPEN": ("cannot be opened", "Check that its folder exists and is writable."),
    "SQLITE_NOTADB": ("is not a database", "Move the file away, or choose another --home."),
    "SQLITE_CORRUPT": ("is damaged", "Restore it from a backup, or save what is left with: sqlite3 FILE .recover"),
    "SQLITE_IOERR": ("cannot be read or written", "Check the disk: it may be full, failing or gone."),
}


def _explain(error: exc.DBAPIError | exc.TimeoutError, where: str) -> StoreError:
    if isinstance(error, exc.IntegrityError | exc.DataError):
        # A foreign key nearly always: a record whose document, plan or candidate was never added.
        return RecordError(f"the ledger at {where} refused a record that does not fit: {_first_line(error.orig)}")
    origin = error.orig if isinstance(error, exc.DBAPIError) else error
    return explained(origin, f"the ledger at {where}")


def explained(error: object, subject: str) -> StoreError:
    """What a driver of a database complains about, as an error about `subject`."""
    name = getattr(error, "sqlite_errorname", "")
    for prefix, (what, mend) in _SQLITE.items():
        if name.startswith(prefix):
            return StoreError(f"{subject} {what}", mend)
    cause = f"{subject} failed: {_first_line(error)}"
    return StoreError(cause, "Check that the database is running and that [ledger] url is right.")


def _first_line(error: object) -> str:
    return str(error).strip().partition("\n")[0]
