"""Opening: what cannot be opened is a StoreError that says why; what exists is opened fast."""

from __future__ import annotations

import os
import socket
import sqlite3
import sys
import threading
import time
from pathlib import Path

import pytest

from agent.errors import MissingExtra, StoreError
from agent.ledger import open_ledger
from agent.records import Event
from tests.fakes.databases import start_python
from tests.fakes.folders import readable_folder
from tests.fakes.ledger_samples import chain, start


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def test_folder_is_made_and_names_with_odd_characters_work(tmp_path: Path) -> None:
    path = tmp_path / "a home é 100%" / "deep" / "ledger.sqlite"
    open_ledger("sqlite:///" + str(path).replace("%", "%25")).close()
    assert path.is_file()


def test_sqlite_is_in_wal_mode(tmp_path: Path) -> None:
    open_ledger(sqlite_url(tmp_path / "l.sqlite")).close()
    assert sqlite3.connect(tmp_path / "l.sqlite").execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("content", [b"this is not a database, it is a letter\n" * 50, os.urandom(8192)])
def test_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"ledger\.sqlite is not a database") as refused:
        open_ledger(sqlite_url(path))
    assert "--home" in refused.value.mend
    assert path.read_bytes() == content


def test_damaged_database(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with open_ledger(sqlite_url(path)) as ledger:
        start(ledger)
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = os.urandom(len(damaged) - 4096)
    path.write_bytes(damaged)
    with pytest.raises(StoreError, match="is damaged") as refused, open_ledger(sqlite_url(path)) as ledger:
        ledger.runs()
    assert "backup" in refused.value.mend


def test_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        open_ledger(sqlite_url(tmp_path))


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made") as refused:
        open_ledger(sqlite_url(tmp_path / "file" / "home" / "ledger.sqlite"))
    assert "--home" in refused.value.mend


WITHOUT_RIGHTS = """
import os, sys
import agent.ledger
from agent.errors import StoreError
if os.geteuid() == 0:
    os.setuid(65534)
try:
    with agent.ledger.open_ledger(sys.argv[1]) as ledger:
        ledger.start_run("again", "ingest", {}, [])
except StoreError as error:
    print(error.cause, "|", error.mend)
"""


@pytest.mark.parametrize("exists", [False, True])
def test_read_only_folder(exists: bool) -> None:
    with readable_folder() as folder:
        if exists:
            open_ledger(sqlite_url(folder / "l.sqlite")).close()
        folder.chmod(0o555)
        out, err = start_python(WITHOUT_RIGHTS, sqlite_url(folder / "l.sqlite")).communicate(timeout=60)
    assert "Traceback" not in err, err
    assert "cannot be opened" in out or "is read-only" in out, out + err
    assert "writable" in out


FULL_DISK = """
import resource, sys
import agent.ledger
from agent.errors import StoreError
from agent.records import Event
with agent.ledger.open_ledger(sys.argv[1]) as ledger:
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    try:
        for n in range(400):
            ledger.add_event(Event(run="r", step=str(n), message="x" * 4000))
    except StoreError as error:
        print(n, error.cause, "|", error.mend)
"""


def test_no_room_left_is_said_and_loses_nothing_that_was_added(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "l.sqlite")
    out, err = start_python(FULL_DISK, url).communicate(timeout=60)
    assert "disk" in out, out + err
    added = int(out.split()[0])
    with open_ledger(url) as ledger:
        assert [event.step for event in ledger.events("r")] == [str(n) for n in range(added)]
        ledger.add_event(Event(run="r", step="after"))


def test_full_database_is_named_as_full(tmp_path: Path) -> None:
    with open_ledger(sqlite_url(tmp_path / "l.sqlite")) as ledger, ledger._write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        with pytest.raises(StoreError, match="disk is full") as refused:
            ledger.start_run("r", "ingest", {"x": "y" * 100_000}, [])
    assert "disk space" in refused.value.mend


def test_ledger_that_another_process_holds_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    open_ledger(sqlite_url(path)).close()
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.5, lambda: other.execute("COMMIT")).start()
    began = time.monotonic()
    with open_ledger(sqlite_url(path)) as ledger:
        start(ledger)
    assert time.monotonic() - began > 0.3


def test_ledger_that_is_locked_for_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.ledger.engine.WAIT_SECONDS", 0.2)
    path = tmp_path / "l.sqlite"
    with open_ledger(sqlite_url(path)) as ledger:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another process") as refused:
            start(ledger)
        assert ledger.runs() == []
        other.execute("COMMIT")
        start(ledger)
    assert "other seal" in refused.value.mend


@pytest.mark.parametrize(("url", "cause"), [("", "URL"), ("no url", "URL"), ("mysql://u:secret@h/d", "'mysql'")])
def test_url_that_cannot_be_used(url: str, cause: str) -> None:
    with pytest.raises(StoreError, match=cause) as refused:
        open_ledger(url)
    assert "sqlite:///" in refused.value.mend
    assert "secret" not in refused.value.cause


def test_server_that_does_not_answer() -> None:
    pytest.importorskip("psycopg")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"postgresql://seal:hidden@127.0.0.1:{unused.getsockname()[1]}/seal"
        with pytest.raises(StoreError, match="failed") as refused:
            open_ledger(url)
    assert "[ledger] url" in refused.value.mend
    assert "hidden" not in refused.value.cause


def test_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match="postgres") as refused:
        open_ledger("postgresql://seal@127.0.0.1/seal")
    assert refused.value.mend == "pip install 'seal[postgres]'"


EXISTING = """
import sys, time
import agent.ledger
began = time.perf_counter()
with agent.ledger.open_ledger(sys.argv[1]) as ledger:
    print(time.perf_counter() - began, "alembic" in sys.modules, len(ledger.documents()))
"""


def test_existing_ledger_opens_fast_and_without_alembic(url: str) -> None:
    with open_ledger(url) as ledger:
        start(ledger)
        ledger.add_document(chain().document, "run-1")
    out, err = start_python(EXISTING, url).communicate(timeout=60)
    seconds, alembic, documents = out.split() or pytest.fail(err)
    assert float(seconds) < 0.15
    assert (alembic, documents) == ("False", "1")
