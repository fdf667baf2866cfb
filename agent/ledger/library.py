"""The part of the ledger about published adapters: a chain of versions, and one pointer into it.

A version adds one adapter to its parent or takes one away. What a version holds is found by walking
from it to the first one. Versions never change; only the pointer moves.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from agent.errors import StoreError, UnknownName
from agent.ledger.store import Store, insert_new, row
from agent.ledger.tables import adapters, events, library_pointer, library_version, winners
from agent.records import Adapter, Event, LibraryVersion


class Library(Store):
    """Publishing, looking up and taking back adapters."""

    def publish(self, adapter: Adapter, reason: str) -> bool:
        with self._write() as connection:
            parent = _locked_pointer(connection)
            if not insert_new(connection, adapters, [row(adapters, adapter)]):
                return False
            _advance(connection, parent, reason, added=adapter.id, candidate=adapter.candidate)
        return True

    def current(self, base: str | None = None) -> list[Adapter]:
        with self._read() as connection:
            standing = self._standing(_line(connection))
        return [adapter for adapter in standing if base is None or adapter.base == base]

    def library(self) -> list[LibraryVersion]:
        v = library_version.c
        query = select(
            v.version, v.parent, v.added, v.candidate, v.removed, v.reason, v.at,
            library_pointer.c.id.is_not(None).label("current"),
        ).join(library_pointer, library_pointer.c.version == v.version, isouter=True)  # fmt: skip
        with self._read() as connection:
            found = connection.execute(query.order_by(v.version)).mappings()
            return [LibraryVersion(**{**version, "current": bool(version["current"])}) for version in found]

    def adapter(self, id: str) -> Adapter:
        promotions = self._find(Adapter, adapters, id=id)
        if not promotions:
            raise UnknownName(f"no adapter {id} was ever published", "List the current ones with: seal adapters")
        return promotions[-1]

    def rollback(self, adapter: str | None, reason: str) -> list[Adapter]:
        with self._write() as connection:
            version = _locked_pointer(connection)
            line = _line(connection)
            before = self._standing(line)
            if not before:
                raise StoreError("nothing is published, so there is nothing to take back")
            if adapter is not None and adapter not in {answering.id for answering in before}:
                newest = ", ".join(answering.id for answering in before[-3:])
                raise UnknownName(f"adapter {adapter} is not current", f"the newest that are: {newest}")
            if adapter is None and line[-1].candidate is not None:
                _point(connection, line[-1].parent)
            else:
                _advance(connection, version, reason, removed=adapter or before[-1].id)
            left = _line(connection)
            after = {answering.candidate for answering in self._standing(left)}
            gone = [answering for answering in before if answering.candidate not in after]
            told = [
                Event(
                    run=it.run, step="rollback", document=it.document, subject=it.candidate, message=reason,
                    at=time.time(),
                )
                for it in gone
            ]  # fmt: skip
            insert_new(connection, events, [row(events, event) for event in told])
            withdraw(connection, _held(line) - _held(left))
        return gone

    def _standing(self, line: Sequence[Any]) -> list[Adapter]:
        """The adapters that answer: of each pile the one on top."""
        top = sorted((pile[-1] for pile in _piles(line)), key=lambda version: int(version.version))
        return [self._parse(Adapter, version.record) for version in top]


def _piles(line: Sequence[Any]) -> list[list[Any]]:
    """Replay the versions: each (base, document) has a pile of promotions, the latest on top."""
    piles: dict[tuple[str, str], list[Any]] = {}
    for version in line:
        if version.removed is not None:
            piles = {key: [v for v in pile if v.added != version.removed] for key, pile in piles.items()}
        else:
            piles.setdefault((version.base, version.document), []).append(version)
    return [pile for pile in piles.values() if pile]


def _held(line: Sequence[Any]) -> set[str]:
    """The candidates whose promotions stand, on top or below."""
    return {version.candidate for pile in _piles(line) for version in pile}


def withdraw(connection: Connection, candidates: Iterable[str]) -> None:
    this = winners.c.candidate.in_(list(candidates)) & winners.c.withdrawn_at.is_(None)
    connection.execute(update(winners).where(this).values(withdrawn_at=time.time()))


def _locked_pointer(connection: Connection) -> int | None:
    """Where the pointer stands. Other publishers wait until this transaction ends."""
    version: int | None = connection.execute(select(library_pointer.c.version).with_for_update()).scalar_one()
    return version


def _point(connection: Connection, version: int | None) -> None:
    connection.execute(update(library_pointer).values(version=version))


def _advance(connection: Connection, parent: int | None, reason: str, **change: str) -> None:
    version = connection.execute(select(func.coalesce(func.max(library_version.c.version), 0))).scalar_one() + 1
    fresh = {"version": version, "parent": parent, "reason": reason, "at": time.time(), **change}
    connection.execute(insert(library_version).values(**fresh))
    _point(connection, version)


def _line(connection: Connection) -> Sequence[Any]:
    """The current version and all before it, oldest first, each with the adapter that it added."""
    v = library_version.c
    pointed = select(v.version, v.parent).join(library_pointer, library_pointer.c.version == v.version)
    line = pointed.cte("line", recursive=True)
    line = line.union_all(select(v.version, v.parent).join(line, v.version == line.c.parent))
    query = (
        select(
            v.version, v.parent, v.added, v.candidate, v.removed,
            adapters.c.base, adapters.c.document, adapters.c.record,
        )
        .join(line, line.c.version == v.version)
        .join(adapters, adapters.c.candidate == v.candidate, isouter=True)
        .order_by(v.version)
    )  # fmt: skip
    return connection.execute(query).all()
