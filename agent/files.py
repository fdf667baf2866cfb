"""Files and folders that appear whole or not at all, also after a kill or a power cut.

Each is a draft beside its place until one rename gives it its name. Its content is on the disk before that.
"""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PREFIX = ".draft-"


def sweep(*folders: Path) -> None:
    """Delete the drafts that killed processes left in these folders. What cannot be deleted is in nobody's way.

    To be called where no other process learns in these folders. Two commands may still be writing there. `seal ask`
    then goes without its cache; `seal rollback` says that it could not write the dataset, which the next run mends.
    """
    for draft in (draft for folder in folders for draft in folder.glob(f"{PREFIX}*")):
        _delete(draft)


def write_whole(path: Path, text: str) -> None:
    """Write a text file in UTF-8, as `whole_file` does."""
    with whole_file(path) as file:
        file.write(text.encode("utf-8"))


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of the one at `path` when the block ends. After an error it is deleted.

    Raises:
        OSError: the disk is full or not writable; no part of the file is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft_of(path)
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        _delete(draft)
        raise


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder to put files in, which takes the place of `folder` when the block ends. After an error it is deleted.

    Raises:
        OSError: the disk is full or not writable; no part of the folder is left behind.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft, aside = _draft_of(folder), _draft_of(folder)
    try:
        draft.mkdir()
        yield draft
        for path in [*draft.iterdir(), draft]:
            _sync(path)
        _take_place(draft, folder, aside)
        _sync(folder.parent)  # else the name may be lost with the power, after the ledger has it
    except BaseException:
        _delete(draft)
        raise
    finally:
        _delete(aside)


def _take_place(draft: Path, folder: Path, aside: Path) -> None:
    """Rename the draft. What has the name is moved aside in one piece: a kill must not leave half of it there."""
    while True:
        if folder.exists():
            with suppress(FileNotFoundError):  # another writer moved it aside
                folder.rename(aside)
        try:
            draft.rename(folder)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        _delete(aside)  # another writer was faster, and now its folder gives way


def _draft_of(path: Path) -> Path:
    """A name beside `path` that nobody else has. What is made there gets the rights that any new file gets."""
    return path.with_name(f"{PREFIX}{uuid.uuid4().hex}")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _delete(path: Path) -> None:
    """Delete it, where it is there and can be deleted."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    elif path.exists():
        with suppress(OSError):
            path.unlink()
