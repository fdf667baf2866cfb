"""Which errors concern one document or item alone, and which the whole run; and what is said of those nobody foresaw.

The one place that decides. What concerns a document fails it and no other; what means that store, disk, endpoint, model
or configuration are unusable ends the run, since the next document would fare no better.
"""

from __future__ import annotations

import errno
import logging
import os
import traceback
from collections.abc import Callable, Iterator
from typing import TypeVar

from agent.errors import (
    AdapterError,
    AnswerError,
    ConfigError,
    EndpointError,
    MissingPackage,
    ModelError,
    PromptTooLong,
    RecordError,
    SealError,
    StoreError,
    TrainerError,
)
from agent.redact import without_credentials

T = TypeVar("T")
F = TypeVar("F")
log = logging.getLogger("seal")
"""Tracebacks, shown with --debug."""

ENDS_A_RUN = (ConfigError, ModelError, TrainerError, StoreError, EndpointError, MissingPackage)
OF_ONE_DOCUMENT = (AnswerError, AdapterError, RecordError, PromptTooLong)
"""Of those, the kinds that say themselves that another document may fare better."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.ENFILE, errno.EMFILE})
"""No room on the disk, or no file more: whatever is read or written next fails too."""
REFUSED = frozenset({errno.EIO, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST})
"""What the operating system refuses of the home folder. Of a source it concerns that file alone."""

_NO_ROOM = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT), "database or disk is full")
_DEVICE = ("CUDA error", "HIP error")
"""An accelerator that failed so fails until the process ends."""

_LONGEST = 400
"""Characters of an error's own words."""
_OURS = ("agent", "evals", "graphs", "seal_train", "app")


def ends_run(error: BaseException) -> bool:
    """Whether what was raised while a document was learned ends the run."""
    return _ends(error, FULL | REFUSED)


def ends_reading(error: BaseException) -> bool:
    """Whether what was raised while one item of a source was read keeps all others from being read, too. A format whose
    package is missing does not."""
    return not isinstance(error, MissingPackage) and _ends(error, FULL)


def tried(
    do: Callable[[], T], failed: Callable[[Exception], F], where: str,
    ends: Callable[[Exception], bool] = ends_run,
) -> T | F:  # fmt: skip
    """What `do` gives, or what `failed` makes of that which it raised about one document or item alone."""
    try:
        return do()
    except Exception as error:
        if ends(error):
            raise
        note(where, error)
        return failed(error)


def _ends(error: BaseException, refusals: frozenset[int]) -> bool:
    if not isinstance(error, Exception):  # Ctrl-C, the end of the process
        return True
    if isinstance(error, SealError):
        return isinstance(error, ENDS_A_RUN) and not isinstance(error, OF_ONE_DOCUMENT)
    return (isinstance(error, OSError) and error.errno in refusals) or any(map(_out_of_order, _chain(error)))


def _out_of_order(error: BaseException) -> bool:
    """Whether the machine has no room left, or its accelerator has failed. What may quote a document says nothing."""
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    if isinstance(error, ValueError | LookupError | TypeError):
        return False
    said = str(error)
    return any(told in said for told in _NO_ROOM) or (isinstance(error, RuntimeError) and said.startswith(_DEVICE))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from: libraries wrap what the operating system says."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        error = error.__cause__ or error.__context__


def words(error: Exception) -> str:
    """Cause and mend in one line, as a trace, an outcome or a failed item has them. Safe to be stored."""
    cause, mend = (error.cause, error.mend) if isinstance(error, SealError) else (unforeseen(error), _mend(error))
    return storable(f"{cause}; {mend}" if mend else cause)


def _mend(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "free some memory, or cut the text into smaller files"
    return "a mistake in the program, not in the text: please report it with what --debug shows"


def unforeseen(error: BaseException) -> str:
    """An error that no code expected: its type, its own words, and the lines of code that raised it."""
    name, said = type(error).__name__, " ".join(without_credentials(str(error)).split())
    short = said if len(said) <= _LONGEST else f"{said[:_LONGEST]}..."
    return storable(f"{name}: {short}" if short else name) + _where(error)


def _where(error: BaseException) -> str:
    """The line that raised the error, and where that is a library's, also the line of ours that called it."""
    frames = [(str(f.f_globals.get("__name__", "?")), line) for f, line in traceback.walk_tb(error.__traceback__)]
    if not frames:
        return ""
    module, line = frames[-1]
    ours = [(name, at) for name, at in frames if name.partition(".")[0] in _OURS]
    called = f", called by {ours[-1][0]} line {ours[-1][1]}" if ours and ours[-1] != frames[-1] else ""
    return f" (in {module} line {line}{called})"


def storable(text: str) -> str:
    """A text as every database takes it: without lone surrogates and NUL."""
    return text.encode("utf-8", errors="replace").decode().replace("\0", "")


def note(where: str, error: Exception) -> None:
    """Keep the traceback of an error that was made a failure of one document or item."""
    log.debug("%s: %s", storable(where), words(error), exc_info=error)
