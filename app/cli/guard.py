"""How every command ends: with its result, or with a message and an exit code."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import NoReturn

import typer

from agent.errors import SealError, StoreError
from agent.failures import log

DISK = {
    errno.ENOSPC: "free some disk space, then run the same command again",
    errno.EDQUOT: "free some disk space, then run the same command again",
    errno.EIO: "the disk or its connection fails: check it, then run the same command again",
    errno.EACCES: "make it writable, or choose another folder with --home",
    errno.EPERM: "make it writable, or choose another folder with --home",
    errno.EROFS: "make it writable, or choose another folder with --home",
    errno.ENOTDIR: "choose another folder with --home",
    errno.EEXIST: "choose another folder with --home",
}
"""What the operating system may refuse anywhere, and what to do about it. Other OSErrors are mistakes of ours."""


def guard(command: Callable[[], None], as_json: bool, debug: bool) -> None:
    """Run a command. A SealError becomes a message and an exit code, Ctrl-C ends with 130 and SIGTERM with 143.

    With `debug`, what failed one document or item and not the command is logged to stderr with its traceback.
    """
    try:
        with _log_to_stderr() if debug else nullcontext():
            command()
    except SealError as error:
        if debug:
            raise
        _fail(error, error.cause, error.mend, error.exit_code, as_json)
    except OSError as error:
        if debug or error.errno not in DISK:
            raise
        cause = f"{error.filename or 'the disk'}: {error.strerror}"
        _fail(error, cause, DISK[error.errno], StoreError.exit_code, as_json)
    except KeyboardInterrupt as error:
        from app.cli.running import exit_code

        if debug:
            raise
        _fail(error, "stopped", "", exit_code(error), as_json)


@contextmanager
def _log_to_stderr() -> Iterator[None]:
    handler = logging.StreamHandler()
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)


def _fail(error: BaseException, cause: str, mend: str, code: int, as_json: bool) -> NoReturn:
    """The message on stderr and, with --json, {"error", "mend"} on stdout."""
    from app.cli.session import GoOn, emit

    notes = getattr(error, "__notes__", [])  # LangGraph adds its own
    mend = "; ".join(filter(None, [mend, *(note for note in notes if isinstance(note, GoOn))]))
    typer.secho(cause if cause == "stopped" else f"error: {cause}", fg="red", err=True)
    if mend:
        typer.secho(f"  try: {mend}", err=True)
    if as_json:
        emit({"error": cause, "mend": mend})
    raise typer.Exit(code) from None
