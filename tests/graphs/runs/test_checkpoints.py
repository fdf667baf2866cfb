"""Checkpoints: where they are, what is said when they fail, and that they may be lost."""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from sqlalchemy import text

from agent.config import Config
from agent.errors import MissingExtra, StoreError, TrainerError
from agent.ledger.engine import make_engine
from agent.records import Event, Outcome
from graphs.checkpoints import open_checkpoints
from graphs.queue import Queue
from graphs.runs.flows import INGEST
from graphs.runs.life import take_up
from tests.fakes.databases import POSTGRES, empty_database
from tests.fakes.engine import FakeModel
from tests.fakes.house import ARTICLES, FakeContext, write_articles
from tests.graphs.ingesting import NeverMerges, NeverTrains, came, ingest

postgresql = pytest.mark.skipif(not POSTGRES, reason="set SEAL_TEST_POSTGRES_URL to run on PostgreSQL")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "articles.jsonl", ARTICLES[:1])


def go(context: FakeContext, source: Path, goes_on: bool = False) -> set[str]:
    """The outcomes of the run."""
    ingest(context, source, goes_on=goes_on)
    return set(came(context))


NOT_NOW = TrainerError("not now")


@contextmanager
def full(config: Config) -> Iterator[Any]:
    """Checkpoints whose disk fills up."""
    with open_checkpoints(config) as saver:
        saver.setup()  # type: ignore[attr-defined]
        saver.conn.execute("PRAGMA max_page_count = 12")  # type: ignore[attr-defined]
        yield saver


def test_a_full_disk_is_said_and_the_run_goes_on_later(tmp_path: Path, source: Path) -> None:
    with pytest.raises(StoreError, match=r"checkpoints\.sqlite has no room left") as caught:
        go(FakeContext(tmp_path / "home", checkpoints=full), source)
    assert "disk space" in caught.value.mend
    assert go(FakeContext(tmp_path / "home"), source, goes_on=True) == {"published"}


def test_checkpoints_that_another_process_locks(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphs.checkpoints.WAIT_SECONDS", 0.2)  # else the test waits for half a minute
    context = FakeContext(tmp_path / "home")
    with open_checkpoints(context.config) as saver:
        saver.delete_thread("r1")  # makes the tables
    other = sqlite3.connect(context.config.checkpoints_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"checkpoints\.sqlite has been locked by another process"):
        go(context, source)
    other.close()


def test_damaged_checkpoints_may_be_deleted(tmp_path: Path, source: Path) -> None:
    context = FakeContext(tmp_path / "home")
    context.config.home.mkdir()
    context.config.checkpoints_path.write_bytes(b"this is a letter, no database\n" * 100)
    with pytest.raises(StoreError, match="is not a database") as caught:
        go(context, source)
    assert caught.value.mend.startswith("Delete it")


def small(count: int) -> list[dict[str, Any]]:
    """Documents that are learned in no time, and of which nothing comes."""
    return [
        {"title": f"Mill {n}", "text": f"The mill number {n} opened in March near Orrin{n} and grinds barley{n} now.",
         "questions": [{"question": f"{what} mill {n}?", "answer": answer} for what, answer in (
             ("Which grain goes to", f"barley{n}"), ("Where is", f"Orrin{n}"), ("Since when is there", "March"))]}
        for n in range(count)
    ]  # fmt: skip


SMALL = {"probe.parsed": "false", "probe.cloze": "false", "plan.strategies": '["sentences"]', "plan.candidates": "1",
         "gate.alpha": "0.9"}  # fmt: skip


def test_they_stay_as_small_as_one_document_is(tmp_path: Path) -> None:
    """A run of 10,000 documents had 4.5 GiB of them."""
    home, held = tmp_path / "home", list[tuple[int, int]]()

    def look(event: Event) -> None:
        if (event.step, event.status) == ("close", "started"):
            with closing(sqlite3.connect(home / "checkpoints.sqlite")) as connection:
                held.append(connection.execute(f"SELECT count(*), sum(size) FROM ({SIZES})").fetchone())

    context = FakeContext(home, SMALL, articles=[], listener=look, model=lambda _: FakeModel())
    ingest(context, write_articles(tmp_path / "articles.jsonl", small(40)))
    assert came(context) == ["no gain"] * 40
    rows, sizes = zip(*held, strict=True)
    assert max(rows[1:]) == min(rows[1:]), "those of one document"
    assert max(sizes[20:]) <= 1.1 * max(sizes[1:20])
    assert max(sizes) < 64 * 2**10
    with closing(sqlite3.connect(home / "checkpoints.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM checkpoints").fetchone() == (1,)
    take_up(INGEST, context, "r1").finish()
    with closing(sqlite3.connect(home / "checkpoints.sqlite")) as connection:
        assert connection.execute(f"SELECT count(*) FROM ({SIZES})").fetchone() == (0,)


SIZES = "SELECT length(checkpoint) AS size FROM checkpoints UNION ALL SELECT length(value) FROM writes"


def test_the_next_document_is_the_ledgers_word(tmp_path: Path) -> None:
    context = FakeContext(tmp_path / "home", SMALL, articles=[], model=lambda _: FakeModel())
    ingest(context, write_articles(tmp_path / "articles.jsonl", small(3)))
    ledger = context.ledger
    ledger.start_run("r2", "ingest", {}, [])
    first, second, third = (document.id for document in ledger.documents("r1"))
    for id in (first, second, third):
        ledger.add_document(ledger.document(id), "r2")
    queue = Queue(context)
    assert [queue.after("r2", id) for id in ("", first, second, third)] == [first, second, third, ""]
    ledger.finish_document("r2", first, Outcome.failed("too bad"), "")
    assert Queue(context).after("r2", first) == second, "as in another process that goes on after the first one"
    assert queue.fill("r2") == 2
    assert queue.after("r2", "") == second
    assert queue.after("r1", "") == ""


class Machine(Protocol):
    def __call__(self, home: str, **others: Any) -> FakeContext: ...


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Makes contexts with homes of these names and one ledger in PostgreSQL, and closes their connections."""
    url, made = empty_database("postgresql", tmp_path), []

    def make(home: str, **others: Any) -> FakeContext:
        made.append(FakeContext(tmp_path / home, {"ledger.url": url}, **others))
        return made[-1]

    yield make
    for context in made:
        context.ledger.close()  # type: ignore[attr-defined]


def rows(table: str) -> int:
    engine = make_engine(POSTGRES)
    with engine.connect() as connection:
        found = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
    engine.dispose()
    return int(found)


@postgresql
def test_with_a_ledger_in_postgresql_they_are_there_too(source: Path, machine: Machine) -> None:
    broken = machine("home", trainer=lambda _: NeverTrains(NOT_NOW))
    with pytest.raises(TrainerError):
        go(broken, source)
    assert rows("checkpoints") > 0
    assert not broken.config.checkpoints_path.exists()
    again = machine("home")
    assert go(again, source, goes_on=True) == {"published"}
    steps = [event.step for event in again.ledger.events("r1") if event.status == "ok"]
    assert steps.count("probe") == 1, "it went on at the step in which it was stopped"
    assert rows("checkpoints") == 1, "older ones are superseded"
    take_up(INGEST, again, "r1").finish()
    assert [rows(f"checkpoint{table}") for table in ("s", "_blobs", "_writes")] == [0, 0, 0]


@postgresql
def test_another_machine_goes_on_although_the_adapters_in_hand_are_not_there(
    tmp_path: Path, source: Path, machine: Machine
) -> None:
    broken = machine("first", trainer=lambda _: NeverMerges(NOT_NOW))
    with pytest.raises(TrainerError):
        go(broken, source)
    assert any(broken.config.work_dir.iterdir()), "the candidates are trained and not decided on"
    (tmp_path / "first").rename(tmp_path / "far away")
    assert go(machine("second"), source, goes_on=True) == {"published"}


@postgresql
def test_who_waits_for_the_ledger_does_not_hold_up_the_making_of_the_tables(machine: Machine) -> None:
    """CREATE INDEX CONCURRENTLY waits for every open transaction: a waiter in one would wait for us, and we for it."""
    context = machine("home")
    ledger = context.ledger
    waiting, inside = threading.Event(), threading.Event()

    def second() -> None:
        with ledger.alone(waiting.set):
            inside.set()

    other = threading.Thread(target=second, daemon=True)
    with ledger.alone(lambda: None):
        other.start()
        assert waiting.wait(20)
        with context.checkpoints() as saver:
            saver.delete_thread("r1")
    assert inside.wait(20)
    other.join()


def test_a_database_that_does_not_answer_is_said_without_its_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    config = FakeContext(tmp_path, {"ledger.url": "postgresql://seal:hidden@127.0.0.1:1/seal"}).config
    with pytest.raises(StoreError, match="the checkpoints at postgresql://") as caught, open_checkpoints(config):
        pass
    assert "hidden" not in caught.value.cause


def test_without_the_package_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langgraph.checkpoint.postgres", None)
    config = FakeContext(tmp_path, {"ledger.url": "postgresql://seal@127.0.0.1/seal"}).config
    with pytest.raises(MissingExtra, match="postgres"), open_checkpoints(config):
        pass
