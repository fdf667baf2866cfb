"""Folders: what is read, in which order, and what is left out."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.errors import MissingExtra, SourceError
from agent.ports import Failure
from agent.records import Document
from agent.sources import read
from agent.sources.base import one_item
from agent.sources.folder import FolderSource
from agent.sources.registry import all_formats
from tests.fakes.packages import install


def fill(folder: Path, **contents: str) -> Path:
    for name, text in contents.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def sources(folder: Path) -> list[str]:
    return [item.source for item in read(str(folder), max_words=200) if isinstance(item, Document)]


def failures(folder: Path) -> list[Failure]:
    return [item for item in read(str(folder), max_words=200) if isinstance(item, Failure)]


def test_files_of_all_depths_come_in_sorted_order(tmp_path: Path) -> None:
    fill(tmp_path, c="text c", a__z="text z", a__b__x="text x", b="text b")
    assert sources(tmp_path) == [str(tmp_path / name) for name in ("a/b/x", "a/z", "b", "c")]


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    fill(tmp_path, a="text a").joinpath(".git").mkdir()
    (tmp_path / ".git" / "config").write_text("hidden words")
    (tmp_path / ".hidden.txt").write_text("hidden words")
    assert [type(item) for item in read(str(tmp_path), max_words=200)] == [Document]


def test_a_hidden_folder_that_is_asked_for_is_read(tmp_path: Path) -> None:
    assert len(sources(fill(tmp_path / ".notes", a="text a"))) == 1


def test_files_of_many_kinds_are_read_and_the_others_are_failures(tmp_path: Path) -> None:
    fill(tmp_path, a="plain text", b__empty="")
    (tmp_path / "b.md").write_text("# Heading\n\ntext b")
    (tmp_path / "c.jsonl").write_text('{"text": "line one"}\nbroken\n')
    (tmp_path / "d.png").write_bytes(b"\x89PNG\0\0")
    items = list(read(str(tmp_path), max_words=200))
    assert [item.source if isinstance(item, Document) else item.where for item in items] == [
        str(tmp_path / "a"), str(tmp_path / "b/empty"), str(tmp_path / "b.md"),
        f"{tmp_path / 'c.jsonl'} line 1", f"{tmp_path / 'c.jsonl'} line 2", str(tmp_path / "d.png"),
    ]  # fmt: skip
    assert isinstance(items[1], Failure)
    assert items[1].reason.startswith("is empty; ")
    assert isinstance(items[5], Failure)
    assert items[5].reason.startswith("is binary, not text; convert it")


def test_links_that_lead_back_or_nowhere_end_there(tmp_path: Path) -> None:
    fill(tmp_path, a__x="text x")
    (tmp_path / "a" / "back").symlink_to(tmp_path)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a" / "self")
    (tmp_path / "a" / "gone").symlink_to(tmp_path / "never")
    (tmp_path / "a" / "y").symlink_to(tmp_path / "a" / "x")
    assert sources(tmp_path) == [str(tmp_path / "a/x"), str(tmp_path / "a/y")]
    assert [(Path(f.where).name, f.reason.split(";")[0]) for f in failures(tmp_path)] == [
        ("back", "is a symbolic link to a folder, which is not followed"),
        ("gone", f"no such file: {tmp_path / 'a/gone'}"),
        ("self", "cannot be read: Too many levels of symbolic links"),
    ]


def test_a_folder_that_is_itself_a_link_is_read(tmp_path: Path) -> None:
    fill(tmp_path / "real", a="text a")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert sources(tmp_path / "link") == [str(tmp_path / "link" / "a")]


def test_a_name_that_is_not_utf8_can_be_stored(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/caf\xe9.txt", "w") as file:
        file.write("some words")
    assert sources(tmp_path) == [str(tmp_path / "caf\ufffd.txt")]


def test_files_are_read_one_by_one(tmp_path: Path) -> None:
    fill(tmp_path, a="text a", b="text b")
    items = read(str(tmp_path), max_words=200)
    next(items)
    (tmp_path / "b").write_text("written later")
    document = next(items)
    assert isinstance(document, Document)
    assert document.text == "written later"


@pytest.fixture
def very_deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a file 1,100 levels down. It is gone afterwards: pytest sweeps the folders of earlier sessions
    with shutil.rmtree, which recurses, and would end a later session in a RecursionError."""
    monkeypatch.chdir(tmp_path)
    levels = ["/".join("d" * depth) for depth in range(1, 1_101)]
    for level in levels:
        os.mkdir(level)
    file = Path(levels[-1], "x")
    file.write_text("deep words")
    yield Path("d")
    file.unlink()
    for level in reversed(levels):
        os.rmdir(level)


def test_a_very_deep_folder_is_read(very_deep: Path) -> None:
    assert len(sources(very_deep)) == 1


@pytest.mark.parametrize("names", [[], [".hidden"]])
def test_a_folder_without_files_is_an_error(tmp_path: Path, names: list[str]) -> None:
    fill(tmp_path, **dict.fromkeys(names, "x"))
    with pytest.raises(SourceError, match="holds no files"):
        list(read(str(tmp_path), max_words=200))


def test_a_folder_of_only_unreadable_files_is_an_error_that_shows_one(tmp_path: Path) -> None:
    fill(tmp_path, a="", b="")
    with pytest.raises(SourceError, match=r"holds no file that can be read; .*/a: is empty"):
        list(read(str(tmp_path), max_words=200))


def test_a_folder_that_may_not_be_listed_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal comes from a stand-in, because tests may run as root, who may read everything."""
    fill(tmp_path, a="text a", b__x="text x")
    listed = os.listdir

    def listdir(path: Path) -> list[str]:
        if path.name == "b":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "listdir", listdir)
    assert [(f.where, f.reason.split(";")[0]) for f in failures(tmp_path)] == [(str(tmp_path / "b"), "may not be read")]


RAISED = (ValueError("no value"), RuntimeError(), RecursionError("too deep"), MemoryError(), KeyError("title"),
          MissingExtra("PDF files", "pdf"), PermissionError(errno.EACCES, "Permission denied"))  # fmt: skip


@pytest.mark.parametrize("error", RAISED, ids=repr)
@pytest.mark.parametrize("first", [True, False])
def test_whatever_the_reader_of_one_file_raises_the_others_are_read(
    error: Exception, first: bool, tmp_path: Path
) -> None:
    """Before its first document, or after it."""

    class Reader:
        def read(self, location: str) -> Iterator[Document | Failure]:
            if first and location.endswith("b"):
                raise error
            yield Document.make(location[-1], "a text")
            if location.endswith("b"):
                raise error

    items = list(FolderSource(Reader()).read(str(fill(tmp_path, a="x", b="x", c="x"))))
    assert [item.title for item in items if isinstance(item, Document)] == (["a", "c"] if first else ["a", "b", "c"])
    (failed,) = (item for item in items if isinstance(item, Failure))
    assert failed.where == str(tmp_path / "b")
    assert str(error) in failed.reason


def test_a_full_disk_ends_the_reading(tmp_path: Path) -> None:
    class Reader:
        def read(self, location: str) -> Iterator[Document | Failure]:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        list(FolderSource(Reader()).read(str(fill(tmp_path, a="x"))))


BREAKING_FORMAT = """
from agent.sources.base import FormatSource

class Odd(FormatSource):
    name, suffixes = "odd", frozenset({".odd"})

    def parse(self, payload):
        raise ZeroDivisionError("no more pages")
        yield
"""


def test_a_format_that_raises_what_nobody_foresaw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, tmp_path / "site", "odd_format", "seal.formats", BREAKING_FORMAT, "Odd")
    all_formats.cache_clear()
    folder = fill(tmp_path / "notes", a="text a", c="text c")
    (folder / "b.odd").write_text("text b")
    try:
        (failed,), read_so = failures(folder), sources(folder)
        with pytest.raises(SourceError) as caught:
            list(read(str(folder / "b.odd"), max_words=200))
    finally:
        all_formats.cache_clear()
    assert read_so == [str(folder / "a"), str(folder / "c")]
    where = "(in odd_format line "
    assert where in failed.reason
    assert where in caught.value.cause
    assert "ZeroDivisionError: no more pages" in caught.value.cause
    assert caught.value.mend


def test_an_entry_whose_reading_raises_is_a_failure_and_the_others_are_read() -> None:
    def half(number: int, where: str) -> Document | Failure:
        return Document.make(f"Half of {number}", str(1 / number), source=where)

    items = [one_item(half, number, f"feed entry {number}") for number in (2, 0, 1)]
    assert [isinstance(item, Document) for item in items] == [True, False, True]
    failed = items[1]
    assert isinstance(failed, Failure)
    assert failed.where == "feed entry 0"
    assert "ZeroDivisionError: division by zero (in " in failed.reason
