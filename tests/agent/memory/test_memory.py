"""The embedded memory: damaged folders, several processes, two embedders, and no work before it is needed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import StoreError
from agent.memory import chroma
from agent.memory.winners import ChromaMemory
from tests.conformance.memory import TOPICS, many_winners, names, queries, winner
from tests.fakes.databases import start_python
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.folders import readable_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "memory"


def memory_in(folder: Path, embedder: FakeEmbedder | None = None) -> ChromaMemory:
    return ChromaMemory(folder, None, embedder or FakeEmbedder())


def test_making_one_opens_nothing(folder: Path) -> None:
    memory_in(folder)
    ChromaMemory(None, "http://127.0.0.1:9", FakeEmbedder())
    assert not folder.exists()
    with pytest.raises(ValueError, match="path or a url"):
        ChromaMemory(None, None, FakeEmbedder())


def test_two_embedders_do_not_mix(folder: Path) -> None:
    one, other = memory_in(folder), memory_in(folder, FakeEmbedder("fake!", size=32))
    one.sync([winner("one", TOPICS[0])])
    assert other.recall(queries()[0], 5, "tiny") == []
    other.sync([winner("other", TOPICS[0])])
    assert names(one.recall(queries()[0], 5, "tiny")) == ["one"]
    assert names(other.recall(queries()[0], 5, "tiny")) == ["other"]


def test_embedder_that_changed_its_size_under_one_name(folder: Path) -> None:
    memory_in(folder).sync([winner("a", TOPICS[0])])
    changed = memory_in(folder, FakeEmbedder(size=32))
    with pytest.raises(StoreError, match="dimension") as refused:
        changed.recall(queries()[0], 1, "tiny")
    assert refused.value.mend == chroma.REBUILD
    assert changed.rebuild([winner("a", TOPICS[0])]) == 1


# Damage


def garbage(folder: Path) -> None:
    (folder / "chroma.sqlite3").write_bytes(b"garbage" * 5000)


def truncated(folder: Path) -> None:
    path = folder / "chroma.sqlite3"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def folder_in_place_of_the_database(folder: Path) -> None:
    (folder / "chroma.sqlite3").unlink()
    (folder / "chroma.sqlite3").mkdir()


def dropped_table(folder: Path) -> None:
    connection = sqlite3.connect(folder / "chroma.sqlite3")
    connection.execute("DROP TABLE embeddings")
    connection.commit()


def junk_in_the_index(folder: Path) -> None:
    files = list(folder.glob("*/*.bin"))
    assert files
    for path in files:
        path.write_bytes(b"junk")


def index_gone(folder: Path) -> None:
    (index,) = [path for path in folder.iterdir() if path.is_dir()]
    shutil.rmtree(index)


def unreadable_winner(folder: Path) -> None:
    connection = sqlite3.connect(folder / "chroma.sqlite3")
    connection.execute("UPDATE embedding_metadata SET string_value = '{}' WHERE key = 'winner'")
    connection.commit()


DAMAGE = [
    garbage, truncated, folder_in_place_of_the_database, dropped_table, junk_in_the_index, index_gone,
    unreadable_winner,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_folder_is_said_and_rebuilt(folder: Path, damage: Callable[[Path], None]) -> None:
    winners = many_winners(1200)  # Chroma writes its index to disk after the first thousand.
    memory = memory_in(folder)
    memory.rebuild(winners)
    before = [memory.recall(query, 5, "tiny") for query in queries()]
    chroma.in_folder(folder.resolve())._close()  # As a new process would find it.
    damage(folder)
    for _ in range(2):
        with pytest.raises(StoreError) as refused:
            memory.recall(queries()[0], 500, "tiny")
        assert "seal memory rebuild" in refused.value.mend
    assert memory.rebuild(winners) == 1200
    assert [memory.recall(query, 5, "tiny") for query in queries()] == before


def test_a_folder_deleted_under_an_open_store_is_a_new_one(folder: Path) -> None:
    memory = memory_in(folder)
    assert memory.count() == 0
    shutil.rmtree(folder)
    memory.sync([winner("a", TOPICS[0])])
    chroma.in_folder(folder.resolve())._close()  # As a new process would find it.
    assert memory.count() == 1


def test_rebuild_deletes_only_what_chroma_made(folder: Path) -> None:
    memory = memory_in(folder)
    memory.sync([winner("a", TOPICS[0])])
    keep = [folder / "notes.txt", folder / "letters" / "mine.txt"]
    for path in keep:
        path.parent.mkdir(exist_ok=True)
        path.write_text("keep")
    (folder / str(uuid.uuid4())).mkdir()
    memory.rebuild([])
    assert all(path.exists() for path in keep)
    assert len([path for path in folder.iterdir() if path.is_dir()]) <= 2


def test_file_in_place_of_the_folder(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a file")
    with pytest.raises(StoreError, match="cannot be made") as refused:
        memory_in(folder).count()
    assert "--home" in refused.value.mend


USE = """
import os, sys
from pathlib import Path
from agent.errors import StoreError
from agent.memory.winners import ChromaMemory
from tests.conformance.memory import many_winners, queries, winner
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.folders import readable_folder
memory = ChromaMemory(Path(sys.argv[1]), None, FakeEmbedder())
"""


WITHOUT_RIGHTS = (
    USE
    + """
import chromadb
if os.geteuid() == 0:
    os.setuid(65534)
try:
    memory.sync([winner("b", "text")])
except StoreError as error:
    print(error.cause, "|", error.mend)
"""
)


def test_read_only_folder() -> None:
    with readable_folder() as folder:
        memory_in(folder).sync([winner("a", TOPICS[0])])
        folder.chmod(0o555)
        out, err = start_python(WITHOUT_RIGHTS, str(folder)).communicate(timeout=120)
    assert "cannot be locked" in out, out + err
    assert "--home" in out


# Several processes


def test_another_process_sees_and_adds(folder: Path) -> None:
    """Without reopening, this process would neither find what the other added nor keep it."""
    memory = memory_in(folder)
    memory.rebuild(many_winners(1200))
    assert memory.recall(queries()[0], 3, "tiny")
    code = (
        USE
        + """
print(memory.count())
memory.sync([*many_winners(1200), winner("theirs", "harbour bridge mayor opening news of today", gain=9.0)])
"""
    )
    out, err = start_python(code, str(folder)).communicate(timeout=120)
    assert out == "1200\n", err
    assert memory.count() == 1201
    assert names(memory.recall(queries()[0], 1, "tiny")) == ["theirs"]
    near = "harbour bridge mayor opening news of today"
    mine = [winner(f"mine-{n}", near, gain=8.0 - n) for n in range(3)]
    memory.sync([*many_winners(1200), winner("theirs", near, gain=9.0), *mine])
    assert names(memory.recall(queries()[0], 4, "tiny")) == ["theirs", "mine-0", "mine-1", "mine-2"]
    out, err = start_python(USE + "print(memory.rebuild([winner('last', 'text')]))", str(folder)).communicate()
    assert out == "1\n", err
    assert names(memory.recall(queries()[0], 3, "tiny")) == ["last"]


def test_processes_that_write_at_once_lose_nothing(folder: Path) -> None:
    code = (
        USE
        + """
for n in range(8):
    with memory._chroma.open(writes=True) as client:
        memory._fill(client, memory._rows([winner(f"{sys.argv[2]}-{n}", "harbour bridge")]))
"""
    )
    processes = [start_python(code, str(folder), str(n)) for n in range(3)]
    for process in processes:
        _, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
    memory = memory_in(folder)
    assert memory.count() == 24
    assert len(memory.recall(queries()[0], 30, "tiny")) == 24


HOLD = (
    USE
    + """
with memory._chroma.open(writes=True) as client:
    memory._fill(client, memory._rows([winner("half", "text")]))
    print("inside", flush=True)
    sys.stdin.readline()
"""
)


def test_memory_that_another_process_holds_for_too_long(folder: Path) -> None:
    memory = memory_in(folder)
    memory.sync([winner("a", TOPICS[0])])
    process = start_python(HOLD, str(folder))
    assert process.stdout is not None
    assert process.stdout.readline() == "inside\n"
    chroma.in_folder(folder.resolve()).patience = 0.3
    for use in (memory.count, lambda: memory.sync([winner("b", "text")]), lambda: memory.rebuild([])):
        with pytest.raises(StoreError, match=r"in use by another process for 0\.3 s") as refused:
            use()
        assert "other seal" in refused.value.mend
    process.send_signal(signal.SIGKILL)  # Frees the lock; what it was writing may or may not be there.
    process.communicate(timeout=30)
    memory.sync([winner("a", TOPICS[0]), winner("c", TOPICS[0])])
    assert {"a", "c"} == set(names(memory.recall(queries()[0], 5, "tiny")))


def test_nothing_leaves_the_machine(folder: Path) -> None:
    code = (
        """
import socket
def refuse(*call, **named):
    print("NETWORK", call)
    raise OSError("the network is off")
socket.getaddrinfo = socket.socket.connect = refuse
"""
        + USE
        + """
memory.sync([winner("a", "text")])
print(len(memory.recall(queries()[0], 1, "tiny")))
"""
    )
    out, err = start_python(code, str(folder)).communicate(timeout=120)
    assert out == "1\n", err
    assert chroma._settings().anonymized_telemetry is False


def test_settings_ignore_an_env_file_of_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("CHROMA_SERVER_HOST=elsewhere\nANONYMIZED_TELEMETRY=true\n")
    monkeypatch.chdir(tmp_path)
    assert chroma._settings().chroma_server_host is None


def test_server_that_does_not_answer() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        memory = ChromaMemory(None, f"http://127.0.0.1:{unused.getsockname()[1]}", FakeEmbedder())
        with pytest.raises(StoreError, match="cannot be reached") as refused:
            memory.count()
    assert "[memory] url" in refused.value.mend


def test_no_chroma_until_it_is_used() -> None:
    out, err = start_python(USE + "print('chromadb' in sys.modules)", os.devnull).communicate(timeout=60)
    assert out == "False\n", err
