"""Folders: every readable file below them, in sorted order. Hidden files are left out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from agent.errors import SealError, SourceError
from agent.failures import ends_reading
from agent.ports import Failure, Source
from agent.sources.base import Items, failure, need_one, whole
from agent.sources.files import local_path, printable, status, unreadable


class FolderSource:
    """Reads each file with `file_source`. Whatever that raises about one file, the others are read."""

    def __init__(self, file_source: Source) -> None:
        self.file_source = file_source

    def read(self, location: str) -> Items:
        """Raises SourceError where there is no such folder, or no document in any of its files."""
        folder = local_path(location)
        shown = printable(folder)

        def nothing(failures: list[Failure]) -> SourceError:
            if not failures:
                return SourceError(f"{shown} holds no files", "put texts into it, or give another folder")
            first = f"{failures[0].where}: {failures[0].reason}"
            return SourceError(f"{shown} holds no file that can be read; {first}", "give another folder")

        status(folder)
        yield from need_one(self._items(folder), nothing)

    def _items(self, folder: Path) -> Items:
        for found in _walk(folder):
            if isinstance(found, Failure):
                yield found
                continue
            shown = printable(found)
            try:
                yield from whole(shown, partial(self.file_source.read, str(found)))
            except SealError as error:
                if ends_reading(error):
                    raise
                yield failure(shown, error)


def _walk(folder: Path) -> Iterator[Path | Failure]:
    """Files in sorted order. A link to a folder is not entered: it may lead back, or to the whole disk."""
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        if not os.path.isdir(path):
            yield path
        elif os.path.islink(path) and path != folder:
            reason = "is a symbolic link to a folder, which is not followed; give that folder too"
            yield Failure(printable(path), reason)
        else:
            try:
                names = sorted(name for name in os.listdir(path) if not name.startswith("."))
            except OSError as error:
                yield failure(printable(path), unreadable(path, error))
            else:
                waiting += [path / name for name in reversed(names)]
