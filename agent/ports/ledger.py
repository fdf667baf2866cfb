"""The ledger's port: the truth of everything that happened. The other ports are in agent/ports/."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from agent.records import (
    Adapter,
    Candidate,
    Document,
    Event,
    GateDecision,
    Plan,
    Probe,
    Retention,
    Reward,
    RoutedAnswer,
    Score,
    SelfEdit,
    Training,
    Usage,
    Winner,
)
from agent.records.drift import Drift
from agent.records.rounds import Answered, Approval, Kind, PlannerPolicy, Prediction, Promotion, Round, WriterPolicy


@dataclass(frozen=True)
class LibraryVersion:
    """One state of the adapter library. `current` marks the one that answers now.

    `added` is the adapter that it has more than its parent, `candidate` what that was before it was published.
    """

    version: int
    parent: int | None
    added: str | None
    candidate: str | None
    removed: str | None
    reason: str
    at: float
    current: bool


@dataclass(frozen=True)
class Used:
    """What runs have used. `gpu_seconds` counts each second of a step once for each accelerator that it worked on.

    `answers` came from endpoints, for `unreported` of them the server counted no tokens. `money` is in the unit of the
    endpoints' prices, at the price of the day.
    """

    gpu_seconds: float
    answers: int
    unreported: int
    prompt_tokens: int
    completion_tokens: int
    money: float


class Ledger(Protocol):
    """The truth. Every `add_` is idempotent by the record's id: adding it again changes nothing.

    Raises:
        StoreError: the database cannot be reached, read or written.
    """

    def transaction(self) -> AbstractContextManager[None]: ...

    def alone(self, waiting: Callable[[], None]) -> AbstractContextManager[None]:
        """In the block nobody else learns into this ledger, in whatever home and on whatever machine.

        Calls `waiting` once where somebody does, and waits. The lock goes with its process, however that ends.
        """
        ...

    def learning(self) -> bool:
        """Whether somebody learns into this ledger now, in whatever home and on whatever machine."""
        ...

    def add_document(self, document: Document, run: str) -> bool:
        """True where the document was new. One that was there gets the questions that it did not have."""
        ...

    def document(self, id: str) -> Document: ...
    def documents(self, run: str | None = None) -> list[Document]: ...
    def finish_document(self, run: str, id: str, outcome: str, base: str) -> None:
        """Write down what came of a document in a run with this base. The last word stands."""
        ...

    def outcome(self, id: str, base: str, after: str = "") -> str | None:
        """What came of a document with this base, in the run that finished it last; None where none did.

        With `after`, a run that read it: only in runs that read it later than that.
        """
        ...

    def outcomes(self, run: str) -> dict[str, str]: ...

    def start_run(self, run: str, kind: str, config: dict[str, Any], sources: Sequence[str]) -> None:
        """Write the run down as running, with a sitting of this process. A run that is started again keeps its first
        sources, and its first config where it has measured anything under it."""
        ...

    def change_config(self, run: str, config: dict[str, Any]) -> None:
        """Replace the run's recorded configuration, whatever was measured under it."""
        ...

    def finish_run(self, run: str, status: str, summary: dict[str, Any]) -> None: ...
    def runs(self) -> list[dict[str, Any]]:
        """Every run in the order of their first start, with the seconds of all its sittings together, and the process
        and machine of the last one. A sitting lasts until the run is finished, one that is killed until the run's
        last event."""
        ...

    def run(self, run: str) -> dict[str, Any]:
        """One of `runs`.

        Raises:
            StoreError: the ledger has no such run.
        """
        ...

    def add_plans(self, plans: Iterable[Plan]) -> None: ...
    def plans(self, run: str, document: str) -> list[Plan]: ...
    def add_self_edit(self, self_edit: SelfEdit) -> None: ...
    def self_edit(self, id: str) -> SelfEdit: ...
    def self_edits(self, run: str, document: str) -> list[SelfEdit]: ...
    def add_candidates(self, candidates: Iterable[Candidate]) -> None: ...
    def candidate(self, id: str) -> Candidate: ...
    def candidates(self, run: str, document: str | None = None) -> list[Candidate]: ...
    def add_training(self, training: Training) -> None: ...
    def training(self, candidate: str) -> Training | None: ...
    def trained(self, runs: Sequence[str]) -> tuple[int, int]:
        """How many candidates these runs have trained, and on how many tokens."""
        ...

    def add_probes(self, probes: Iterable[Probe]) -> None: ...
    def probes(self, document: str) -> list[Probe]: ...
    def add_scores(self, run: str, scores: Iterable[Score]) -> None: ...
    def scores(self, run: str, subject: str, document: str) -> list[Score]:
        """Scores of a candidate's id, or of "base", over one document's probes."""
        ...

    def add_routed_answers(self, run: str, answers: Iterable[RoutedAnswer]) -> None: ...
    def routed_answers(self, run: str, document: str) -> list[RoutedAnswer]:
        """Of one document's probes, over every library version that the run was examined with, oldest first."""
        ...

    def add_retention(self, run: str, retention: Retention) -> None: ...
    def retention(self, run: str, subject: str) -> Retention | None: ...
    def add_drift(self, run: str, drift: Drift) -> None: ...
    def drift(self, run: str, subject: str) -> Drift | None:
        """What else changed in a champion, or "base"; None where it was not measured."""
        ...

    def add_reward(self, reward: Reward) -> None: ...
    def reward(self, candidate: str) -> Reward | None: ...
    def strategy_rewards(self, base: str) -> dict[str, list[float]]:
        """Every measured reward for a base model, by strategy: what Thompson sampling learns from."""
        ...

    def add_decision(self, decision: GateDecision) -> None: ...
    def decision(self, candidate: str) -> GateDecision | None: ...
    def add_winner(self, winner: Winner) -> bool: ...
    def winners(self) -> list[Winner]:
        """Every winner that counts, oldest first: not those whose adapter was taken back, and of a document that was
        learned again with the same base the last one."""
        ...

    def publish(self, adapter: Adapter, reason: str) -> bool:
        """Make a new library version with the adapter as its document's answerer, and move the pointer to it.

        One transaction. False, and nothing changes, where this candidate was published before.
        """
        ...

    def current(self, base: str | None = None) -> list[Adapter]:
        """The adapters of the library version that the pointer names, one a document, in a fixed order."""
        ...

    def library(self) -> list[LibraryVersion]:
        """Every library version that was ever current, oldest first."""
        ...

    def adapter(self, id: str) -> Adapter: ...

    def rollback(self, adapter: str | None, reason: str) -> list[Adapter]:
        """Take back the newest promotion (None) or one adapter of the current version.

        With None the pointer moves to the parent version; where the current version is itself a taking
        back, the newest adapter that still answers is taken back, so that nothing returns. With an
        adapter a new version without it is made, in which its document's former adapter answers again
        where there was one. Returns the adapters that no longer answer. In the same transaction their
        winners are withdrawn: history keeps them, `winners` gives them no longer.

        Raises:
            StoreError: nothing is published, or the adapter is not current.
        """
        ...

    def add_event(self, event: Event) -> None: ...
    def events(self, run: str) -> list[Event]: ...
    def add_usage(self, usage: Usage) -> None: ...
    def used(self, runs: Sequence[str]) -> Used:
        """Together, in all their sittings. A step that was killed left no event, so its time does not count."""
        ...

    def add_policy(self, policy: PlannerPolicy | WriterPolicy) -> bool:
        """True where it was not there yet."""
        ...

    def policy(self, id: str) -> PlannerPolicy: ...
    def policies(self, run: str) -> list[PlannerPolicy]:
        """The planner policies that were learned from a run's rewards."""
        ...

    def writer(self, id: str) -> WriterPolicy: ...
    def writers(self, run: str) -> list[WriterPolicy]:
        """The writer policies that were learned from a run's rewards."""
        ...

    def promote(self, promotion: Promotion) -> bool:
        """Let a policy act from now on. False, and nothing changes, where this promotion was made before."""
        ...

    def promotions(self, base: str, kind: Kind) -> list[Promotion]:
        """Of the policies of that kind for a base model, oldest first: the last one's policy acts."""
        ...

    def add_predictions(self, predictions: Iterable[Prediction]) -> None:
        """One a self-edit: the first one stands."""
        ...

    def predictions(self, run: str) -> list[Prediction]: ...
    def add_round(self, round: Round) -> bool:
        """True where the round was not written down yet: the first word stands."""
        ...

    def rounds(self, run: str) -> list[Round]: ...

    def ask(self, approval: Approval) -> None:
        """Let it wait for a person. What was asked before is not asked again."""
        ...

    def asked(self) -> list[tuple[Approval, Answered | None]]:
        """Everything that was ever asked, oldest first, with its answer where there is one."""
        ...

    def answer(self, answered: Answered) -> bool:
        """Do what a person says, in one transaction: publish or promote on a yes; on a no to an adapter, withdraw its
        winner. False, and nothing changes, where it was answered before.

        Raises:
            StoreError: nothing of that id was asked.
        """
        ...
