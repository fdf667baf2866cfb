"""One learner at a time for a ledger, whoever shares it: other homes, other machines."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Engine, exc, text

from agent.clock import Clock
from agent.errors import StoreError
from agent.ledger.engine import file_of, store_errors
from agent.ledger.store import Store

_LEARNING = 0x5EA2
"""The number of PostgreSQL's advisory lock on learning."""

_HELD = """
    SELECT EXISTS (
        SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = :number AND datname = current_database()
    )
"""

POLL_SECONDS = 0.5


class Learners(Store):
    """The lock on learning."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        super().__init__(engine, clock)
        self._in_memory = threading.Lock()

    def alone(self, waiting: Callable[[], None]) -> AbstractContextManager[None]:
        """PostgreSQL: a session advisory lock on a connection of its own. SQLite: a lock on a file beside the database;
        in memory, where no other process is, a lock of threads."""
        if self._engine.dialect.name == "postgresql":
            return _session_lock(self._engine, waiting)
        file = self._lock_file()
        return _file_lock(file, waiting) if file else _thread_lock(self._in_memory, waiting)

    def learning(self) -> bool:
        """Whether `alone` would wait. A file's lock is tried for an instant, in which one that begins to learn may say
        that it waits."""
        if self._engine.dialect.name == "postgresql":
            with self._read() as connection:
                return bool(connection.execute(text(_HELD), {"number": _LEARNING}).scalar())
        file = self._lock_file()
        return _is_held(file) if file else self._in_memory.locked()

    def _lock_file(self) -> Path | None:
        """Beside SQLite's file. None for a database in memory."""
        file = file_of(self._engine.url)
        return Path(f"{file.resolve()}.lock") if file else None


@contextmanager
def _thread_lock(lock: threading.Lock, waiting: Callable[[], None]) -> Iterator[None]:
    if not lock.acquire(blocking=False):
        waiting()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _session_lock(engine: Engine, waiting: Callable[[], None]) -> Iterator[None]:
    key = {"number": _LEARNING}
    with store_errors(engine):
        # Outside any transaction, and asked again instead of waited for in the server: an open transaction, also that
        # of a statement that waits, would hold up CREATE INDEX CONCURRENTLY, with which the checkpoints begin.
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    with connection:
        told = False
        with store_errors(engine):
            while not connection.execute(text("SELECT pg_try_advisory_lock(:number)"), key).scalar():
                if not told:
                    waiting()
                told = True
                time.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            with suppress(exc.DBAPIError):  # a connection that was lost has taken the lock with it
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), key)


@contextmanager
def _file_lock(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    lock = FileLock(path)
    with _lock_errors(path):
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting()
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _is_held(path: Path) -> bool:
    lock = FileLock(path)
    with _lock_errors(path):
        if not path.exists():  # nobody has learned yet, and who only asks makes no files
            return False
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
    lock.release()
    return False


@contextmanager
def _lock_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = f"the ledger's lock {path} cannot be made: {error.strerror}"
        raise StoreError(reason, "Make the file and its folder writable, or choose another --home.") from error
