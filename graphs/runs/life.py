"""The life of a run: which one it is, under which configuration it goes on, how it ends."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.runtime import RunControl

from agent.config.recorded import as_recorded, changed
from agent.errors import StoreError, UnknownName
from agent.ports.ledger import Ledger
from agent.redact import without_credentials
from graphs.ingest.graph import ingest_graph
from graphs.ingest.reading import KNOWN, finished
from graphs.runs.unfinished import AGAIN, INGEST, cut_off
from graphs.runtime import Runtime
from graphs.state import IngestState
from graphs.views.summary import summarize

STEPS_A_DOCUMENT, MOST_DOCUMENTS = 20, 100_000
"""Upper bounds, for LangGraph's recursion limit."""


@dataclass(frozen=True)
class Run:
    """A run that is written down as running. Its methods are called in their order, by who is alone with the ledger."""

    runtime: Runtime
    name: str
    sources: Sequence[str]
    goes_on: bool
    """Whether it was cut off before."""
    control: RunControl = field(default_factory=RunControl)
    """How it is asked, from any thread or a signal handler, to end between two steps."""

    @property
    def left(self) -> int:
        """Documents that it has read and not learned yet."""
        ledger = self.runtime.ledger
        return len(ledger.documents(self.name)) - len(ledger.outcomes(self.name))

    def configure(self, insists: Mapping[str, Any]) -> tuple[list[str], list[str]]:
        """Go on under the configuration that the run began with, in which keys that are insisted on are replaced, for
        good (see `as_recorded`). Returns the keys that this changed, and today's keys that were put aside.

        Raises:
            ConfigError: a recorded value is not one that this seal can use (see also `check`).
        """
        ledger, today = self.runtime.ledger, self.runtime.config
        recorded = ledger.run(self.name)["config"]
        begun, aside = as_recorded(today, recorded, insists)
        new = changed(begun, as_recorded(today, recorded)[0])
        # Only the ledger is open yet, and where that is does not depend on what the run recorded.
        self.runtime.config = begun
        self.check()
        if new:
            ledger.change_config(self.name, begun.recorded())
            # Where the run was, it was under the former configuration. The ledger knows what is left.
            forget_checkpoints(self.runtime, self.name)
        return new, aside

    def check(self) -> None:
        """Raises ConfigError where the configuration can be seen to be wrong before anything is done."""
        self.runtime.check()

    def learn(self) -> None:
        """Run the graph to its end.

        Raises:
            SealError: what stopped it.
            GraphDrained: `stop_after_step` did.
        """
        ingest(self.runtime, self.sources, self.name, resume=self.goes_on, control=self.control)

    def stop_after_step(self, why: str) -> None:
        """Let the step in hand finish, and begin no other one.

        LangGraph looks between two steps, in the graph and in those inside it, and ends with GraphDrained when the
        checkpoint of the finished step is written: the run goes on with the next one, as after any other cut. Writers
        side by side are one step. Where the last step is in hand, the run comes to its end.
        """
        self.control.request_drain(why)

    def finish(self) -> dict[str, Any]:
        """Write the run down as done. Returns its summary."""
        ledger = self.runtime.ledger
        summary = summarize(ledger, self.name)
        forget_checkpoints(self.runtime, self.name)  # first: a run that is done has none, wherever it was cut off
        ledger.finish_run(self.name, "done", {k: v for k, v in summary.items() if k not in ("results", "answers")})
        return summary

    def stop(self, cause: str) -> bool:
        """Write the run down as stopped. Whether there is something to go on with."""
        ledger = self.runtime.ledger
        # A ledger that cannot be written now must not hide what stopped the run.
        with suppress(StoreError):
            ledger.finish_run(self.name, "stopped", {"error": cause})
            return bool(ledger.documents(self.name))
        return False


R = TypeVar("R", bound=Run)


def begin(runtime: Runtime, sources: Sequence[str], again: bool = False) -> Run:
    """A run of these sources: the one that was cut off in the middle of them, or a new one.

    With `again` documents are learned anew that no adapter answers for: what was taken back, or not published.

    Raises:
        ConfigError: nothing can be learned under the configuration. A new run is not begun then.
        StoreError: the ledger cannot be written.
    """
    kind = AGAIN if again else INGEST
    earlier = cut_off(runtime.ledger, sources, runtime.config.model.name, kind)
    if earlier is None:
        runtime.check()
    return started(Run(runtime, earlier or new_run(), sources, goes_on=earlier is not None), kind)


def take_up(runtime: Runtime, name: str) -> Run:
    """The run of that name, to go on with. Its sources are without user names and passwords: these are not kept.

    Raises:
        StoreError: the ledger has no such run, or cannot be written.
    """
    known = recorded(runtime.ledger, name, "ingest", INGEST, AGAIN)
    return started(Run(runtime, name, known["sources"], goes_on=True), known["kind"])


def ended(ledger: Ledger, name: str) -> dict[str, Any] | None:
    """The summary of a run that is done, with the figures that were recorded then. None where it is not done.

    Raises:
        StoreError: the ledger has no such run.
    """
    known = recorded(ledger, name, "ingest", INGEST, AGAIN)
    return summarize(ledger, name) | known["summary"] if known["status"] == "done" else None


def recorded(ledger: Ledger, name: str, verb: str, *kinds: str) -> dict[str, Any]:
    """What the ledger has of a run that `seal` with this verb began.

    Raises:
        StoreError: there is none of that name and of these kinds.
    """
    known = ledger.run(name)
    if known["kind"] not in kinds:
        raise UnknownName(f"run {name} is no run of seal {verb}", "`seal status` lists the runs with their kinds")
    return known


def started(run: R, kind: str) -> R:
    """The same run, written down as running."""
    shown = [without_credentials(source) for source in run.sources]
    run.runtime.ledger.start_run(run.name, kind, run.runtime.config.recorded(), shown)
    return run


def new_run() -> str:
    """A run's name: the minute it began, and four random digits so that two never meet."""
    return time.strftime("%Y%m%d-%H%M-") + uuid.uuid4().hex[:4]


def ingest(
    runtime: Runtime, sources: Sequence[str], run: str, resume: bool = False, control: RunControl | None = None
) -> None:
    """Run the graph to its end. A run that was cut off goes on at the step it was in.

    The checkpoint says where the run was; where it was lost, the ledger says which documents are left.

    Raises:
        SealError: what stopped the run, after it was written down as stopped.
        GraphDrained: `control` was asked to end it between two steps.
    """
    with runtime.checkpoints() as saver:
        graph = ingest_graph(runtime).compile(checkpointer=saver)
        limit = STEPS_A_DOCUMENT * MOST_DOCUMENTS
        config: RunnableConfig = {"configurable": {"thread_id": run}, "recursion_limit": limit}
        fresh: IngestState | None = {"run": run, "sources": list(sources)}
        if resume:
            state = graph.get_state(config)
            known = _close_known(runtime, run)
            # A process that was killed may have left some.
            closed = runtime.ledger.outcomes(run)
            runtime.sweep(c for c in runtime.ledger.candidates(run) if c.document in closed)
            if state.next and not known and not _adapters_lost(runtime, run, state.values.get("document", "")):
                fresh = None
            else:
                saver.delete_thread(run)
        graph.invoke(fresh, config, durability="sync", control=control)


def _close_known(runtime: Runtime, run: str) -> bool:
    """Close the documents that another run has learned since this one read them. Whether there were any.

    What came of them before does not count: this run may be there to learn them again.
    """
    ledger, base = runtime.ledger, runtime.config.model.name
    done = ledger.outcomes(run)
    left = [d.id for d in ledger.documents(run) if d.id not in done]
    known = [id for id in left if finished(ledger.outcome(id, base, after=run))]
    for id in known:
        ledger.finish_document(run, id, KNOWN, base)
    return bool(known)


def _adapters_lost(runtime: Runtime, run: str, document: str) -> bool:
    """Whether the document in hand is to be judged by adapters that are not here, as on another machine."""
    ledger = runtime.ledger
    if document in ledger.outcomes(run):  # its adapters are being swept
        return False
    trained = [c.id for c in ledger.candidates(run, document) if ledger.training(c.id)]
    return not all(runtime.folder(candidate).is_dir() for candidate in trained)


def forget_checkpoints(runtime: Runtime, run: str) -> None:
    """Delete where a run was, when it has come to its end.

    Raises:
        StoreError: the checkpoints cannot be written.
    """
    with runtime.checkpoints() as saver:
        saver.delete_thread(run)
