"""Whole files and folders: there or not, whoever is killed, whatever the disk refuses, however many write at once."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agent.files import PREFIX, sweep, whole_file, whole_folder, write_whole
from tests.fakes.databases import start_python
from tests.fakes.full_disk import full_disk

PARTS = ("one", "two", "three")


def write_file(path: Path, word: str) -> None:
    write_whole(path, "\n".join(word for _ in PARTS))


def write_folder(path: Path, word: str) -> None:
    with whole_folder(path) as draft:
        for part in PARTS:
            (draft / part).write_text(word)


def read_file(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")


def read_folder(path: Path) -> list[str]:
    assert sorted(os.listdir(path)) == sorted(PARTS)
    return [(path / part).read_text() for part in PARTS]


Write = Callable[[Path, str], None]
Read = Callable[[Path], list[str]]
WRITE: dict[str, tuple[Write, Read]] = {"file": (write_file, read_file), "folder": (write_folder, read_folder)}
both = pytest.mark.parametrize(("write", "read"), WRITE.values(), ids=WRITE)


def drafts(folder: Path) -> list[Path]:
    return list(folder.glob(f"{PREFIX}*"))


@both
def test_it_appears_whole_and_takes_the_place_of_the_one_before(write: Write, read: Read, tmp_path: Path) -> None:
    place = tmp_path / "new" / "place"
    for word in ("first", "zweite \u00fc"):
        write(place, word)
        assert read(place) == [word] * 3
    assert list(place.parent.iterdir()) == [place]


@both
def test_its_rights_are_those_of_any_new_file(write: Write, read: Read, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "place", "word")
    finally:
        os.umask(before)
    wanted = 0o640 if (tmp_path / "place").is_file() else 0o750
    assert stat.S_IMODE((tmp_path / "place").stat().st_mode) == wanted


def test_an_error_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    write_file(tmp_path / "file", "old")
    write_folder(tmp_path / "folder", "old")

    def half_a_file() -> None:
        with whole_file(tmp_path / "file") as file:
            file.write(b"half")
            raise ZeroDivisionError

    def half_a_folder() -> None:
        with whole_folder(tmp_path / "folder") as draft:
            (draft / "one").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(ZeroDivisionError):
        half_a_file()
    with pytest.raises(KeyboardInterrupt):
        half_a_folder()
    assert read_file(tmp_path / "file") == read_folder(tmp_path / "folder") == ["old"] * 3
    assert drafts(tmp_path) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from agent.files import whole_file, whole_folder
place, kind, event = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def hook(name, arguments):
    if name == event and (not event.startswith("os.") or str(arguments[1]) == str(place)):
        os.kill(os.getpid(), signal.SIGKILL)

if kind == "file":
    with whole_file(place) as file:
        file.write(b"half")
        file.flush()
        sys.addaudithook(hook)
        sys.audit("inside")
else:
    with whole_folder(place) as draft:
        (draft / "one").write_text("half")
        sys.addaudithook(hook)
        sys.audit("inside")
"""


@both
@pytest.mark.parametrize("event", ["inside", "os.rename"])
@pytest.mark.parametrize("there", [False, True])
def test_a_kill_leaves_a_draft_and_what_was_there(
    write: Write, read: Read, event: str, there: bool, tmp_path: Path
) -> None:
    """In the middle of writing, and right before the draft gets its name: then a folder's old one is in a draft too."""
    place, kind = tmp_path / "place", "file" if write is write_file else "folder"
    if there:
        write(place, "old")
    process = start_python(KILLED, str(place), kind, event)
    _, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, err
    moved_aside = there and kind == "folder" and event == "os.rename"
    assert len(drafts(tmp_path)) == 1 + moved_aside
    if there and not moved_aside:
        assert read(place) == ["old"] * 3
    else:
        assert not place.exists()
    sweep(tmp_path)
    assert drafts(tmp_path) == []
    write(place, "new")
    assert read(place) == ["new"] * 3


@both
def test_a_full_disk_leaves_what_was_there(write: Write, read: Read, tmp_path: Path) -> None:
    place = tmp_path / "place"
    write(place, "old")
    with full_disk(most=1000), pytest.raises(OSError, match="File too large"):
        write(place, "x" * 5000)
    assert read(place) == ["old"] * 3
    assert drafts(tmp_path) == []


@both
def test_of_two_that_write_at_once_one_is_there_whole(write: Write, read: Read, tmp_path: Path) -> None:
    place = tmp_path / "place"

    def often(word: str) -> None:
        for _ in range(60):
            write(place, word)

    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(often, word) for word in ("a", "b", "c")]:
            done.result(120)
    assert read(place) in (["a"] * 3, ["b"] * 3, ["c"] * 3)
    assert drafts(tmp_path) == []


def test_sweep_deletes_drafts_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / f"{PREFIX}file").write_text("half")
    (tmp_path / f"{PREFIX}folder" / "inside").mkdir(parents=True)
    (tmp_path / "draft").write_text("mine")
    sweep(tmp_path, tmp_path / "missing")
    assert [path.name for path in tmp_path.iterdir()] == ["draft"]
