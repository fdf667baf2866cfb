"""The ledger's port: the truth of everything that happened, in parts by what they are about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from agent.records import (
    Adapter,
    Answered,
    Approval,
    Candidate,
    Document,
    Drift,
    Event,
    GateDecision,
    LibraryVersion,
    Outcome,
    Plan,
    Policy,
    Prediction,
    Probe,
    Promotion,
    Retention,
    Reward,
    Round,
    RoutedAnswer,
    Run,
    RunKind,
    RunStatus,
    Score,
    SelfEdit,
    Training,
    Usage,
    Used,
    Winner,
)

P = TypeVar("P", bound=Policy)


class RunLedger(Protocol):
    """Runs, the documents that they read, and their trace."""

    def start_run(
        self, run: str, kind: RunKind, config: dict[str, Any], sources: Sequence[str],
        parent: str | None = None, round: int | None = None, trains: str | None = None,
    ) -> None:  # fmt: skip
        """Write the run down as running, with a sitting of this process. A run that is started again keeps what it was
        first started with, except for its config where it has measured nothing under that, nor begun a run of its own:
        then the new one takes its place, so that a run is not bound to what kept it from beginning."""
        ...

    def change_config(self, run: str, config: dict[str, Any]) -> None:
        """Replace the run's recorded configuration, whatever was measured under it."""
        ...

    def finish_run(self, run: str, status: RunStatus, summary: dict[str, Any]) -> None:
        """Write down how the run ended. The last word stands."""
        ...

    def runs(self) -> list[Run]:
        """Every run in the order of their first start. A sitting lasts until the run is finished, one that is killed
        until the run's last event."""
        ...

    def run(self, run: str) -> Run:
        """Raises UnknownName where the ledger has no such run."""
        ...

    def add_document(self, document: Document, run: str) -> bool:
        """Keep the document and note that the run read it. True where it was new. One that was there stays as it is,
        but gets the questions that it did not have."""
        ...

    def document(self, id: str) -> Document: ...
    def documents(self, run: str | None = None) -> list[Document]:
        """All documents, or those that one run read, in the order in which they came."""
        ...

    def finish_document(self, run: str, id: str, outcome: Outcome, base: str) -> None:
        """Write down what came of a document in a run with this base. The last word stands."""
        ...

    def outcome(self, id: str, base: str, after: str = "") -> Outcome | None:
        """What came of a document with this base, in the run that finished it last; None where none did.

        With `after`, a run that read it: only in runs that read it later than that.
        """
        ...

    def outcomes(self, run: str) -> dict[str, Outcome]:
        """What came of each document that the run finished, by document."""
        ...

    def add_event(self, event: Event) -> None:
        """Append a line to the trace. Events have no id: each call adds one."""
        ...

    def events(self, run: str) -> list[Event]: ...


class UsageLedger(Protocol):
    """What runs used of accelerators and endpoints."""

    def add_usage(self, usage: Usage) -> None: ...
    def used(self, runs: Sequence[str]) -> Used:
        """Together, in all their sittings. A step that was killed left no event, so its time does not count."""
        ...


class MeasureLedger(Protocol):
    """What was planned, written, trained and measured, up to the winner."""

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
        """Every measured reward for a base model, by strategy, oldest first: what Thompson sampling learns from."""
        ...

    def add_decision(self, decision: GateDecision) -> None: ...
    def decision(self, candidate: str) -> GateDecision | None: ...
    def add_winner(self, winner: Winner) -> bool:
        """True where this candidate had not won before. One that was withdrawn stays withdrawn."""
        ...

    def winners(self) -> list[Winner]:
        """Every winner that counts, oldest first: not those whose adapter was taken back, and of a document that was
        learned again with the same base the last one."""
        ...


class LibraryLedger(Protocol):
    """Published adapters: a chain of versions, and one pointer into it."""

    def publish(self, adapter: Adapter, reason: str) -> bool:
        """Make a new library version with the adapter as its document's answerer, and move the pointer to it.

        One transaction. False, and nothing changes, where this candidate was published before, also where it was taken
        back since: what was taken back stays back.
        """
        ...

    def current(self, base: str | None = None) -> list[Adapter]:
        """The adapters of the library version that the pointer names, one per document and base, oldest promotion
        first."""
        ...

    def library(self) -> list[LibraryVersion]:
        """Every library version that was ever current, oldest first."""
        ...

    def adapter(self, id: str) -> Adapter:
        """The latest promotion of the adapter. Raises UnknownName where it was never published."""
        ...

    def rollback(self, adapter: str | None, reason: str) -> list[Adapter]:
        """Take back the newest promotion (None) or one adapter of the current version.

        With None the pointer moves to the parent version; where the current version is itself a taking back, the
        newest adapter that still answers is taken back, so that nothing taken back returns. With an adapter a new
        version without it is made, in which its document's former adapter answers again where there was one. Returns
        the adapters that no longer answer, and leaves an event "rollback" with the reason in the run that had made each
        of them. In the same transaction their winners are withdrawn: history keeps them, `winners` gives them no
        longer.

        Raises:
            StoreError: nothing is published, or the adapter is not current.
        """
        ...


class PolicyLedger(Protocol):
    """The outer loop: predictions, policies, promotions and rounds."""

    def add_policy(self, policy: Policy) -> bool:
        """True where it was not there yet."""
        ...

    def policy(self, id: str, of: type[P]) -> P:
        """Raises StoreError where there is no such policy of that class."""
        ...

    def policies(self, run: str, of: type[P]) -> list[P]:
        """The policies of a class that were learned from a run's rewards, oldest first."""
        ...

    def promote(self, promotion: Promotion) -> bool:
        """Let a policy act from now on. False, and nothing changes, where this promotion was made before."""
        ...

    def promotions(self, base: str, kind: str) -> list[Promotion]:
        """Of the policies of that kind for a base model, oldest first: the last one's policy acts."""
        ...

    def add_predictions(self, predictions: Iterable[Prediction]) -> None:
        """One per self-edit: the first one stands."""
        ...

    def predictions(self, run: str) -> list[Prediction]: ...
    def add_round(self, round: Round) -> bool:
        """True where the round was not written down yet: the first word stands."""
        ...

    def rounds(self, run: str) -> list[Round]: ...


class ApprovalLedger(Protocol):
    """What waits for a person, and the person's word."""

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
            UnknownName: nothing of that id was asked.
        """
        ...


class Ledger(RunLedger, UsageLedger, MeasureLedger, LibraryLedger, PolicyLedger, ApprovalLedger, Protocol):
    """The truth. Every `add_` is idempotent by the record's id: adding it again changes nothing.

    Raises:
        StoreError: the database cannot be reached, read or written.
    """

    def transaction(self) -> AbstractContextManager[None]:
        """Everything that this thread writes inside happens together or not at all. Transactions nest."""
        ...

    def alone(self, waiting: Callable[[], None]) -> AbstractContextManager[None]:
        """In the block nobody else learns into this ledger, in whatever home and on whatever machine.

        Calls `waiting` once where somebody does, and waits. The lock goes with its process, however that ends.
        """
        ...

    def learning(self) -> bool:
        """Whether somebody learns into this ledger now, in whatever home and on whatever machine."""
        ...
