"""What every part of the ledger stands on: transactions, the idempotent insert, and reading records back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Self, TypeVar

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, Select, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from agent.clock import Clock
from agent.errors import StoreError
from agent.ledger.engine import WRITES, place, store_errors
from agent.ledger.tables import OWN
from agent.records import Record

R = TypeVar("R", bound=Record)


def row(table: Table, record: Record, **more: Any) -> dict[str, Any]:
    """A table's row for a record: its columns from `more` or from the record's fields of the same name."""
    names = {column.name for column in table.columns} - OWN
    keys = {name: more[name] if name in more else getattr(record, name) for name in names}
    return {**keys, "record": record, "created_at": time.time()}


def insert_new(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
    """Insert the rows whose unique keys are not there yet; return how many that were."""
    if not rows:
        return 0
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    # What the statement returns is counted, because the drivers' own row counts do not agree.
    statement = insert(table).on_conflict_do_nothing().returning(table.c.seq)
    return len(connection.execute(statement, rows).all())


def select_records(table: Table, keys: dict[str, str]) -> Select[Any]:
    return select(table.c.record).where(*(table.c[name] == value for name, value in keys.items()))


class Store:
    """A database in which each thread has its own transaction. Safe to share between threads."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._local = threading.local()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. The ledger opens new ones if it is used again."""
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """An inner one that raises undoes its own part only; one that ends well still depends on the outer one."""
        with self._write():
            yield

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with store_errors(self._engine):
            outer: Connection | None = getattr(self._local, "connection", None)
            if outer is not None:
                with outer.begin_nested():
                    yield outer
                return
            with self._engine.connect().execution_options(**WRITES) as connection, connection.begin():
                self._local.connection = connection
                try:
                    yield connection
                finally:
                    del self._local.connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        outer: Connection | None = getattr(self._local, "connection", None)
        with (
            store_errors(self._engine),
            nullcontext(outer) if outer is not None else self._engine.connect() as connection,
        ):
            yield connection

    def _add(self, table: Table, records: Iterable[Record], **more: Any) -> int:
        rows = [row(table, record, **more) for record in records]
        with self._write() as connection:
            return insert_new(connection, table, rows)

    def _find(self, model: type[R], table: Table, **keys: str) -> list[R]:
        """The table's records whose columns have these values, in the order of insertion."""
        return self._query(model, select_records(table, keys).order_by(table.c.seq))

    def _first(self, model: type[R], table: Table, **keys: str) -> R | None:
        return next(iter(self._query(model, select_records(table, keys).limit(1))), None)

    def _get(self, model: type[R], table: Table, id: str, **keys: str) -> R:
        found = self._first(model, table, id=id, **keys)
        if found is None:
            raise StoreError(f"the ledger at {place(self._engine)} holds no {model.__name__} {id}")
        return found

    def _query(self, model: type[R], query: Select[Any]) -> list[R]:
        """The records of a query that selects nothing else."""
        with self._read() as connection:
            found = connection.execute(query).scalars().all()
        return [self._parse(model, value) for value in found]

    def _parse(self, model: type[R], value: Any) -> R:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            cause = f"the ledger at {place(self._engine)} holds a {model.__name__} that this seal cannot read"
            raise StoreError(cause, "Use the version of seal that wrote it, or a newer one.") from error
