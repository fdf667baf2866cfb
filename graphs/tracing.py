"""Every node writes one event to the ledger: what went in, what came out, how long, how much memory."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from agent.clock import Clock
from agent.failures import storable, words
from agent.ports import Ledger
from agent.records import Event

Listener = Callable[[Event], None]

STEP: ContextVar[tuple[str, str, str]] = ContextVar("step", default=("", "", ""))
"""Run, name and document of the step in hand in this thread; LangGraph's threads have their own."""


def no_gpus(step: str) -> int:
    return 0


@dataclass
class Span:
    """The event in the making. A node fills in what it knows."""

    subject: str = ""
    status: str = "ok"
    message: str = ""
    model: str = ""
    data: dict[str, Any] = field(default_factory=dict)

    def failed(self, error: Exception) -> str:
        """Write down a failure that the run goes on after. Returns its cause and mend."""
        self.status, self.message = "failed", words(error)
        return self.message


def peak_memory_mib() -> float:
    """The largest resident size of this process so far, in MiB."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / 2**20 if sys.platform == "darwin" else size / 2**10


class Tracer:
    """Writes events to the ledger and tells whoever listens (the progress display). `gpus` says on how many
    accelerators a step that has just ended has worked."""

    def __init__(
        self, ledger: Ledger, clock: Clock, listener: Listener | None = None, gpus: Callable[[str], int] = no_gpus
    ) -> None:
        self.ledger, self.clock, self.listener, self.gpus = ledger, clock, listener, gpus

    @contextmanager
    def step(self, run: str, step: str, document: str = "") -> Iterator[Span]:
        """Time a step. An error is written down as failed and raised on: it is never a score of zero.

        So is Ctrl-C, as stopped.
        """
        span, began, outer = Span(), self.clock.ticks(), STEP.set((run, step, document))
        self._tell(Event(run=run, step=step, document=document, status="started"))
        try:
            yield span
        except Exception as error:
            span.failed(error)
            raise
        except BaseException:
            span.status, span.message = "stopped", ""
            raise
        finally:
            STEP.reset(outer)
            about = {"run": run, "step": step, "document": document, "at": self.clock.now()}
            cost = {"seconds": self.clock.ticks() - began, "memory_mib": peak_memory_mib()}
            if gpus := self.gpus(step):
                span.data = span.data | {"gpus": gpus}
            said = {"subject": storable(span.subject), "message": storable(span.message)}
            event = Event.model_validate(vars(span) | said | about | cost)
            self.ledger.add_event(event)
            self._tell(event)

    def _tell(self, event: Event) -> None:
        if self.listener:
            self.listener(event)
