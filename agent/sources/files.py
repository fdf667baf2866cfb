"""Local files as payloads, with errors that say what is wrong with the path."""

from __future__ import annotations

import difflib
import os
import stat
from pathlib import Path

from agent.errors import SourceError
from agent.sources.payload import Payload

MAX_FILE_BYTES = 256 * 2**20


def read_file(location: str, most: int = MAX_FILE_BYTES) -> Payload:
    """The file, of at most so many bytes.

    Raises:
        SourceError: no such file, empty, not a regular file, too large, or not allowed to be read.
    """
    path = local_path(location)
    shown = printable(path)
    mode = status(path).st_mode
    if not stat.S_ISREG(mode):  # a pipe or a device would block or never end
        raise SourceError(f"{shown} is not a regular file", "give a file, a folder or a web address")
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(data) > most:
        raise SourceError(f"{shown} is larger than {most // 2**20} MiB", "split it into smaller files")
    if not data.strip():
        raise SourceError(f"{shown} is empty", "put text into it, or leave it out")
    return Payload(shown, data)


def local_path(location: str) -> Path:
    """The location as a path, with "~" for the home folder.

    Raises:
        SourceError: the location cannot be a path.
    """
    if not location.strip():
        raise SourceError("the location is empty", "give a file, a folder or a web address")
    if "://" in location:
        mend = "use http:// or https://, or the path of a file"
        raise SourceError(f"{location} is no address that can be read", mend)
    if "\0" in location:
        raise SourceError(f"{location!r} cannot be a file name", "take the NUL character out")
    try:
        return Path(location).expanduser()
    except RuntimeError as error:  # "~name" of an unknown user
        raise SourceError(f"{location} names a home folder that is not there", "give the whole path") from error


def status(path: Path) -> os.stat_result:
    """Raises SourceError where nothing is there, or it may not be looked at."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing(path) from error
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> SourceError:
    shown = printable(path)
    if isinstance(error, PermissionError):
        return SourceError(f"{shown} may not be read", "change its permissions, or run as its owner")
    return SourceError(f"{shown} cannot be read: {error.strerror or error}", "check the path and the disk")


def printable(path: Path) -> str:
    """The path as text that can be stored, also where its bytes are not UTF-8."""
    return os.fsencode(path).decode("utf-8", errors="replace")


def _missing(path: Path) -> SourceError:
    """Names the nearest existing neighbour of the first part of the path that is not there."""
    first = path
    while not os.path.exists(first.parent) and first.parent != first:
        first = first.parent
    by_stem = {Path(name).stem: name for name in _names(first.parent)}  # the ending is alike for most files
    near = difflib.get_close_matches(first.stem, by_stem, n=1, cutoff=0.7)
    if os.path.islink(path):
        mend = "the symbolic link points to nothing: mend or remove it"
    elif near:
        mend = f"did you mean {printable(first.with_name(by_stem[near[0]]))}?"
    else:
        mend = "check the path; a web address begins with http:// or https://"
    return SourceError(f"no such file: {printable(path)}", mend)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:  # no names to suggest is no reason to hide the real error
        return []
