"""The life of a run of the outer loop: begun or taken up, run to its end, summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig

from agent.errors import UnknownName
from agent.ledger_port import Ledger
from agent.policy import Difference, Round
from agent.redact import without_credentials
from graphs import budget, learners
from graphs.budget import spent
from graphs.improve import improve_graph
from graphs.outer import IMPROVE, heldout_run, practice_run
from graphs.run import Run, forget_checkpoints, new_run
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
    shown, base = [without_credentials(source) for source in sources], runtime.config.model.name
    same = [r for r in runtime.ledger.runs() if r["kind"] == IMPROVE and list(r["sources"]) == shown]
    earlier = [r for r in same if r["status"] != "done" and r["config"]["model"]["name"] == base]
    if not earlier:
        check(runtime)
    name = str(earlier[-1]["run"]) if earlier else new_run()
    return _started(ImproveRun(runtime, name, sources, goes_on=bool(earlier)))


def take_up(runtime: Runtime, name: str) -> ImproveRun:
    """The run of that name, to go on with.

    Raises:
        StoreError: the ledger has no such run, or cannot be written.
    """
    recorded = _recorded(runtime.ledger, name)
    return _started(ImproveRun(runtime, name, recorded["sources"], goes_on=True))


def ended(ledger: Ledger, name: str) -> dict[str, Any] | None:
    """The summary of a run that is done; None where it is not.

    Raises:
        StoreError: the ledger has no such run.
    """
    recorded = _recorded(ledger, name)
    return summarize(ledger, name) | recorded["summary"] if recorded["status"] == "done" else None


def _recorded(ledger: Ledger, name: str) -> dict[str, Any]:
    recorded = ledger.run(name)
    if recorded["kind"] != IMPROVE:
        raise UnknownName(f"run {name} is no run of seal improve", "`seal status` lists the runs with their kinds")
    return recorded


def _started(run: ImproveRun) -> ImproveRun:
    shown = [without_credentials(source) for source in run.sources]
    run.runtime.ledger.start_run(run.name, IMPROVE, run.runtime.config.recorded(), shown)
    return run


def summarize(ledger: Ledger, run: str) -> dict[str, Any]:
    """What a run of the outer loop came to, from the ledger alone. Gains are on the last round's held-out documents."""
    rounds, used = ledger.rounds(run), spent(ledger, run)
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
        "gains": gains(rounds[-1]) if rounds else {},
        "differences": {arm: found.model_dump() for arm, found in _last(rounds).items()},
        "words": [f"{r.word}: {r.reason}" for r in rounds],
        "stopped": stops[-1] if stops else "",
        "seconds": used.seconds,
    }


def gains(round: Round) -> dict[str, float]:
    """The mean gain of each arm on the round's held-out documents."""
    return {r.arm: sum(t.gain for t in r.trials) / len(r.trials) for r in round.results if r.trials}


def _last(rounds: Sequence[Round]) -> dict[str, Difference]:
    return rounds[-1].differences if rounds else {}
