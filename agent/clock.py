"""The time, handed in, so that tests can tell it."""

from __future__ import annotations

import time


class Clock:
    """The machine's time."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def ticks(self) -> float:
        """Seconds on a clock that only goes on, to tell how long something took."""
        return time.perf_counter()
