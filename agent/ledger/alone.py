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
from agent.ledger.engine import store_errors
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

    @contextmanager
    def alone(self, waiting: Callable[[], None]) -> Iterator[None]:
        """In the block nobody else learns into this ledger. Calls `waiting` once where somebody does, then waits.

        The lock goes with its process, however that ends. PostgreSQL: a session advisory lock on a connection of
        its own. SQLite: a lock on a file beside the database; in memory, where no other process is, a lock of threads.

        Raises:
            StoreError: the database cannot be reached, or the file of the lock not be made.
        """
        with self._lock(waiting):
            yield

    def learning(self) -> bool:
        """Whether somebody learns into this ledger now: whether `alone` would wait.

        A file's lock is tried for an instant, in which one that begins to learn may say that it waits.

        Raises:
            StoreError: the database cannot be reached, or the file of the lock not be opened.
        """
        if self._engine.dialect.name == "postgresql":
            with self._read() as connection:
                return bool(connection.execute(text(_HELD), {"number": _LEARNING}).scalar())
        file = self._lock_file()
        return _is_held(file) if file else self._in_memory.locked()

    def _lock_file(self) -> Path | None:
        """Beside SQLite's file. None for a database in memory."""
        file = self._engine.url.database
        return None if file in (None, "", ":memory:") else Path(f"{Path(str(file)).resolve()}.lock")

    def _lock(self, waiting: Callable[[], None]) -> AbstractContextManager[None]:
        if self._engine.dialect.name == "postgresql":
            return _session_lock(self._engine, waiting)
        file = self._lock_file()
        return _file_lock(file, waiting) if file else _thread_lock(self._in_memory, waiting)


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
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting()
            lock.acquire()
    except OSError as error:
        raise _no_lock(path, error) from error
    try:
        yield
    finally:
        lock.release()


def _is_held(path: Path) -> bool:
    lock = FileLock(path)
    try:
        if not path.exists():  # nobody has learned yet, and who only asks makes no files
            return False
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError as error:
        raise _no_lock(path, error) from error
    lock.release()
    return False


def _no_lock(path: Path, error: OSError) -> StoreError:
    reason = f"the ledger's lock {path} cannot be made: {error.strerror}"
    return StoreError(reason, "Make the file and its folder writable, or choose another --home.")
