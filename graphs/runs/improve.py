"""The life of a run of the outer loop: begun or taken up, run to its end, summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig

from agent.ports.ledger import Ledger
from graphs.improve import budget
from graphs.improve.budget import spent
from graphs.improve.graph import improve_graph
from graphs.methods import learners
from graphs.methods.outer import IMPROVE, heldout_run, practice_run
from graphs.runs.life import Run, forget_checkpoints, new_run, recorded, started
from graphs.runs.unfinished import cut_off
from graphs.runtime import Runtime
from graphs.state import ImproveState

STEPS = 1_000_000
"""Upper bound, for LangGraph's recursion limit."""


@dataclass(frozen=True)
class ImproveRun(Run):
    """A run of the outer loop."""

    def check(self) -> None:
        check(self.runtime)

    def learn(self) -> None:
        """Run the graph to its end. A run that was cut off goes on at the step it was in.

        Raises:
            SealError: what stopped it.
            GraphDrained: `stop_after_step` did.
        """
        with self.runtime.checkpoints() as saver:
            graph = improve_graph(self.runtime).compile(checkpointer=saver)
            config: RunnableConfig = {"configurable": {"thread_id": self.name}, "recursion_limit": STEPS}
            fresh: ImproveState | None = {"improve": self.name, "sources": list(self.sources)}
            if self.goes_on:
                self._sweep()
                if graph.get_state(config).next and not self._adapters_lost():
                    fresh = None
                else:
                    saver.delete_thread(self.name)
            graph.invoke(fresh, config, durability="sync", control=self.control)

    def _children(self) -> list[str]:
        """The practice and the test of the round in hand, if they were begun."""
        number = len(self.runtime.ledger.rounds(self.name)) + 1
        known = {r["run"] for r in self.runtime.ledger.runs()}
        return [child for child in (practice_run(self.name, number), heldout_run(self.name, number)) if child in known]

    def _sweep(self) -> None:
        """Delete the adapters of documents that are closed: a process that was killed may have left some."""
        ledger = self.runtime.ledger
        for child in self._children():
            closed = ledger.outcomes(child)
            self.runtime.sweep(c for c in ledger.candidates(child) if c.document in closed)

    def _adapters_lost(self) -> bool:
        """Whether a document in hand is to be measured by adapters that are not here, as on another machine."""
        ledger = self.runtime.ledger
        return any(
            ledger.training(c.id) and not self.runtime.folder(c.id).is_dir()
            for child in self._children()
            for c in ledger.candidates(child)
            if c.document not in ledger.outcomes(child)
        )

    def finish(self) -> dict[str, Any]:
        """Write the run down as done. Returns its summary."""
        ledger = self.runtime.ledger
        summary = summarize(ledger, self.name)
        forget_checkpoints(self.runtime, self.name)
        for child in self._children():  # of a round that a budget ended
            ledger.finish_run(child, "done", {})
        ledger.finish_run(self.name, "done", summary)
        return summary


def check(runtime: Runtime) -> None:
    """Raises ConfigError where nothing can be learned under the configuration, or a budget can never be used up."""
    runtime.check()
    learners.check(runtime)
    budget.check(runtime.config)


def begin(runtime: Runtime, sources: Sequence[str]) -> ImproveRun:
    """A run of these sources: the one that was cut off in the middle of them, or a new one.

    Raises:
        ConfigError: as `check` says. A new run is not begun then.
        StoreError: the ledger cannot be written.
    """
    earlier = cut_off(runtime.ledger, sources, runtime.config.model.name, IMPROVE)
    if earlier is None:
        check(runtime)
    return started(ImproveRun(runtime, earlier or new_run(), sources, goes_on=earlier is not None), IMPROVE)


def take_up(runtime: Runtime, name: str) -> ImproveRun:
    """The run of that name, to go on with.

    Raises:
        StoreError: the ledger has no such run, or cannot be written.
    """
    known = recorded(runtime.ledger, name, "improve", IMPROVE)
    return started(ImproveRun(runtime, name, known["sources"], goes_on=True), IMPROVE)


def ended(ledger: Ledger, name: str) -> dict[str, Any] | None:
    """The summary of a run that is done; None where it is not.

    Raises:
        StoreError: the ledger has no such run.
    """
    known = recorded(ledger, name, "improve", IMPROVE)
    return summarize(ledger, name) | known["summary"] if known["status"] == "done" else None


def summarize(ledger: Ledger, run: str) -> dict[str, Any]:
    """What a run of the outer loop came to, from the ledger alone. Gains are on the last round's held-out documents."""
    rounds, used = ledger.rounds(run), spent(ledger, run)
    last = rounds[-1] if rounds else None
    stops = [e.message for e in ledger.events(run) if e.step in ("open", "stop") and e.message]
    return {
        "run": run,
        "documents": len(ledger.documents(run)),
        "rounds": len(rounds),
        "candidates": used.candidates,
        "tokens": used.tokens,
        "gpu_hours": used.gpu_hours,
        "endpoints": {key: value for key, value in asdict(used.used).items() if key != "gpu_seconds"},
        "promoted": sum(r.word == "promote" for r in rounds),
        "rolled_back": sum(r.word == "roll back" for r in rounds),
        "gains": {r.arm: r.gain for r in last.results if r.trials} if last else {},
        "differences": {arm: found.model_dump() for arm, found in last.differences.items()} if last else {},
        "words": [f"{r.word}: {r.reason}" for r in rounds],
        "stopped": stops[-1] if stops else "",
        "seconds": used.seconds,
    }
