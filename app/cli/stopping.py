"""Ctrl-C and SIGTERM: an orderly end where that is quick, a hard one where something does not let go.

The first SIGTERM is no hurry: it comes from a service manager, which waits for a while and sends SIGKILL then.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

GRACE = 3.0
"""Seconds for an orderly end. LangGraph waits for its threads, and one that asks a model server can take minutes."""

STOPPING = b"\nstopping; the step in hand begins anew when the run goes on\n"
FINISHING = b"\nSIGTERM: finishing the step in hand, then stopping; a second one, or Ctrl-C, stops at once\n"


class Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a command in the same way as Ctrl-C."""


def exit_code(error: KeyboardInterrupt) -> int:
    """128 and the number of the signal, as shells have it."""
    return 128 + (signal.SIGTERM if isinstance(error, Terminated) else signal.SIGINT)


@contextmanager
def stoppable(last_words: Callable[[], None], after_step: Callable[[], None]) -> Iterator[None]:
    """In the block, the first SIGTERM only calls `after_step`, which has the work end when its step in hand is done.
    Ctrl-C, and SIGTERM after that, raise KeyboardInterrupt.

    Where the process is still there GRACE seconds later, it is ended after `last_words`; another signal ends it at
    once. Either costs the step in hand and no more: a run can be killed at any moment.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread gets signals
        return
    asked: list[int] = []
    finishing: list[int] = []

    def end() -> None:
        try:
            last_words()
        finally:
            sys.stderr.flush()
            os._exit(128 + asked[0])

    def stop(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGTERM and not finishing and not asked:
            finishing.append(number)
            os.write(sys.stderr.fileno(), FINISHING)  # safe in a signal handler, where print is not
            after_step()
            return
        asked.append(number)
        if len(asked) > 1:
            os._exit(128 + number)
        os.write(sys.stderr.fileno(), STOPPING)
        watch = threading.Timer(GRACE, end)
        watch.daemon = True
        watch.start()
        raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

    # A signal that the shell has set to be ignored, as for background jobs, stays ignored.
    heard = [s for s in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(s) is not signal.SIG_IGN]
    before = {s: signal.signal(s, stop) for s in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
