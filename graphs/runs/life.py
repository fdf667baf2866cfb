"""The life of a run, for the terminal and whoever else runs one: begin or take up, go on, stop, finish.

What differs between the commands is a `Flow`. All of it is to be called by who is alone with the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.graph import StateGraph
from langgraph.runtime import RunControl

from agent.config.settings import as_recorded, changed
from agent.errors import StoreError, UnknownName
from agent.ports import Ledger
from agent.records import Run, RunKind
from graphs.context import Context
from graphs.library.folders import candidate_folder, sweep_candidates
from graphs.library.unfinished import cut_off
from graphs.views.summary import Summed

S = TypeVar("S", bound=Summed)


@dataclass(frozen=True)
class Flow(Generic[S]):
    """What a command that runs for long is about."""

    verb: str
    """As in `seal VERB`."""
    kinds: tuple[RunKind, ...]
    graph: Callable[[], StateGraph[Any, Context, Any, Any]]
    thread: str
    """The key of the graph's state that holds the run's name."""
    steps: int
    """More than a run can have, for LangGraph's recursion limit."""
    check: Callable[[Context], None]
    """Raises ConfigError where the configuration can be seen to be wrong before anything is done."""
    at_work: Callable[[Ledger, str], list[str]]
    """The runs in which a run works on documents now: itself, or those of its round in hand."""
    catch_up: Callable[[Context, str], bool]
    """Take in what happened since a run was cut off. Whether its checkpoint is out of date by that."""
    sum_up: Callable[[Ledger, str], S]


@dataclass(frozen=True)
class Life(Generic[S]):
    """A run that is written down as running. Its methods are called in their order."""

    flow: Flow[S]
    context: Context
    name: str
    sources: Sequence[str]
    goes_on: bool
    """Whether it was cut off before."""
    control: RunControl = field(default_factory=RunControl)
    """How it is asked, from any thread or a signal handler, to end between two steps."""

    @property
    def left(self) -> int:
        """Documents that it has read and not learned yet."""
        ledger = self.context.ledger
        return len(ledger.documents(self.name)) - len(ledger.outcomes(self.name))

    def configure(self, insisted: Mapping[str, Any]) -> tuple[Life[S], list[str], list[str]]:
        """The same run under the configuration that it began with, in which keys that are insisted on are replaced, for
        good (see `as_recorded`). Also the keys that this changed, and today's keys that were put aside.

        Raises:
            ConfigError: a recorded value is not one that this seal can use (see also `Flow.check`).
        """
        ledger, today = self.context.ledger, self.context.config
        recorded = ledger.run(self.name).config
        config, aside = as_recorded(today, recorded, insisted)
        new = changed(config, as_recorded(today, recorded)[0])
        # Only the ledger is open yet, and where that is does not depend on what the run recorded.
        life = replace(self, context=self.context.under(config))
        self.flow.check(life.context)
        if new:
            ledger.change_config(self.name, config.recorded())
            # Where the run was, it was under the former configuration. The ledger knows what is left.
            _forget_checkpoints(life.context, self.name)
        return life, new, aside

    def run(self) -> None:
        """Run the graph to its end. A run that was cut off goes on at the step it was in.

        The checkpoint says where the run was; where it was lost, the ledger says what is left.

        Raises:
            SealError: what stopped it.
            GraphDrained: `stop_after_step` did.
        """
        with self.context.checkpoints() as saver:
            graph = self.flow.graph().compile(checkpointer=saver)
            config: RunnableConfig = {"configurable": {"thread_id": self.name}, "recursion_limit": self.flow.steps}
            begin: dict[str, Any] | None = {self.flow.thread: self.name, "sources": list(self.sources)}
            if self.goes_on:
                outdated = self.flow.catch_up(self.context, self.name)
                self._sweep()
                if graph.get_state(config).next and not outdated and not self._lacks_adapters():
                    begin = None
                else:
                    saver.delete_thread(self.name)
            graph.invoke(begin, config, context=self.context, durability="sync", control=self.control)

    def _sweep(self) -> None:
        """Delete the adapters of documents that are closed: a process that was killed may have left some."""
        ledger = self.context.ledger
        for run in self.flow.at_work(ledger, self.name):
            closed = ledger.outcomes(run)
            sweep_candidates(self.context.config, (c for c in ledger.candidates(run) if c.document in closed))

    def _lacks_adapters(self) -> bool:
        """Whether a document in hand is to be measured by adapters that are not here, as on another machine."""
        ledger, config = self.context.ledger, self.context.config
        return any(
            c.document not in closed and ledger.training(c.id) and not candidate_folder(config, c.id).is_dir()
            for run in self.flow.at_work(ledger, self.name)
            for closed in [ledger.outcomes(run)]
            for c in ledger.candidates(run)
        )

    def stop_after_step(self, why: str) -> None:
        """Let the step in hand finish, and begin no other one.

        LangGraph looks between two steps, in the graph and in those inside it, and ends with GraphDrained when the
        checkpoint of the finished step is written: the run goes on with the next one, as after any other cut. Writers
        side by side are one step. Where the last step is in hand, the run comes to its end.
        """
        self.control.request_drain(why)

    def finish(self) -> S:
        """Write the run down as done. Returns what it came to."""
        ledger = self.context.ledger
        summary = self.flow.sum_up(ledger, self.name)
        _forget_checkpoints(self.context, self.name)  # first: a run that is done has none, wherever it was cut off
        for run in self.flow.at_work(ledger, self.name):
            if run != self.name:  # of a round that a budget ended
                ledger.finish_run(run, "done", {})
        ledger.finish_run(self.name, "done", summary.recorded())
        return summary

    def stop(self, cause: str) -> bool:
        """Write the run down as stopped. Whether there is something to go on with."""
        ledger = self.context.ledger
        # A ledger that cannot be written now must not hide what stopped the run.
        with suppress(StoreError):
            ledger.finish_run(self.name, "stopped", {"error": cause})
            return bool(ledger.documents(self.name))
        return False


def begin(flow: Flow[S], context: Context, sources: Sequence[str], kind: RunKind) -> Life[S]:
    """A run of these sources: the one that was cut off in the middle of them, or a new one.

    Raises:
        ConfigError: as `Flow.check` says. A new run is not begun then.
        StoreError: the ledger cannot be written.
    """
    earlier = cut_off(context.ledger, sources, context.config.model.name, kind)
    if earlier is None:
        flow.check(context)
    name = earlier or context.makers.new_name()
    return _started(Life(flow, context, name, sources, goes_on=earlier is not None), kind)


def take_up(flow: Flow[S], context: Context, name: str) -> Life[S]:
    """The run of that name, to go on with. Its sources are without user names and passwords: these are not kept.

    Raises:
        StoreError: the ledger has no such run, or cannot be written.
    """
    known = _recorded(flow, context.ledger, name)
    return _started(Life(flow, context, name, known.sources, goes_on=True), known.kind)


def ended(flow: Flow[S], ledger: Ledger, name: str) -> S | None:
    """What a run that is done came to, with the figures that were recorded then. None where it is not done.

    Raises:
        StoreError: the ledger has no such run.
    """
    known = _recorded(flow, ledger, name)
    return flow.sum_up(ledger, name).as_recorded(known.summary) if known.status == "done" else None


def _recorded(flow: Flow[S], ledger: Ledger, name: str) -> Run:
    known = ledger.run(name)
    if known.kind not in flow.kinds:
        raise UnknownName(f"run {name} is no run of seal {flow.verb}", "`seal status` lists the runs with their kinds")
    return known


def _started(life: Life[S], kind: RunKind) -> Life[S]:
    """The same run, written down as running."""
    life.context.start_run(life.name, kind, life.sources)
    return life


def _forget_checkpoints(context: Context, run: str) -> None:
    """Delete where a run was. Raises StoreError where the checkpoints cannot be written."""
    with context.checkpoints() as saver:
        saver.delete_thread(run)
