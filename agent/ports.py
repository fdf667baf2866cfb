"""Ports: what the loop needs from the world. Implementations meet them in graphs/runtime.py only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from agent.records import (
    Adapter,
    Candidate,
    Document,
    Event,
    Example,
    GateDecision,
    Plan,
    Probe,
    Recalled,
    Retention,
    Reward,
    RoutedAnswer,
    Score,
    SelfEdit,
    Training,
    Winner,
)  # fmt: skip


@dataclass(frozen=True)
class Failure:
    """One item of a source that could not be read, e.g. line 7 of a JSONL file. The rest goes on."""

    where: str
    reason: str


class Source(Protocol):
    """Reads one kind of location.

    Raises:
        SourceError: nothing at all could be read from the location.
    """

    def read(self, location: str) -> Iterator[Document | Failure]: ...


class Embedder(Protocol):
    """Texts to unit vectors. `name` goes into stored metadata, so that vectors of two models never mix."""

    name: str

    def embed(self, texts: Sequence[str]) -> list[list[float]]: ...


class Memory(Protocol):
    """Finds winners of similar documents. An index: everything in it can be rebuilt from the ledger."""

    def recall(self, document: Document, n: int, base: str) -> list[Recalled]:
        """At most `n` winners of *other* documents with this base, best first: near documents, by measured gain."""
        ...

    def rebuild(self, winners: Iterable[Winner]) -> int: ...

    def sync(self, winners: Iterable[Winner]) -> None:
        """Hold exactly these winners: forget all others, add those that are missing."""
        ...

    def count(self) -> int: ...


class Chat(Protocol):
    """A chat model. `schema` asks for a JSON object of that JSON schema, which is returned as text.

    Raises:
        AnswerError: no usable answer to this request after retries; another request may get one.
        EndpointError: the endpoint cannot be used at all.
    """

    name: str

    def complete(self, system: str, user: str, schema: dict[str, Any] | None = None) -> str: ...


class Planner(Protocol):
    name: str

    def plan(self, run: str, document: Document, recalled: Sequence[Recalled], k: int) -> list[Plan]:
        """`k` plans, no two of them the same: plans of one strategy differ in their settings, if only in the seed.

        Raises:
            AnswerError: the model that plans gave no usable answer for this document.
            EndpointError: its endpoint cannot be used at all.
        """
        ...


class Strategy(Protocol):
    """One way to turn a document into training sequences. `needs_model` strategies call `chat`,
    `needs_english` ones parse the text, which only works in English.

    `epochs` is how long its sequences are usually trained; None is the usual number. `prior` is the mean
    reward to expect of it before anything was measured.
    """

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def needs_model(self) -> bool: ...
    @property
    def needs_english(self) -> bool: ...
    @property
    def epochs(self) -> int | None: ...
    @property
    def prior(self) -> float: ...

    def write(self, document: Document, instruction: str, chat: Chat | None) -> list[Example]:
        """The training sequences, before the check.

        Raises:
            AnswerError: the chat model gave nothing usable for this document. Only this plan is lost.
            EndpointError: its endpoint cannot be used at all.
        """
        ...


@dataclass(frozen=True)
class TrainJob:
    candidate: Candidate
    examples: tuple[Example, ...]
    folder: Path
    """Where the trained adapter goes, as a PEFT folder. Appears whole or not at all."""


Progress = Callable[[int, int], None]
"""Called with steps done and steps in all."""


class Trainer(Protocol):
    """Trains many candidates at once against one frozen base.

    Raises:
        TrainerError: nothing could be trained. A single candidate that fails is in the answer as an error.
    """

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]: ...

    def merge(self, members: Sequence[tuple[Candidate, Path]], folder: Path) -> None:
        """Write the mean of trained adapters as an adapter of its own, which appears whole or not at all.

        Raises:
            AdapterError: a member cannot be read.
            StoreError: the mean cannot be written.
        """
        ...


@dataclass(frozen=True)
class TrainFailure:
    candidate: str
    reason: str


@dataclass(frozen=True)
class Query:
    """A prompt for the model with one adapter on (a PEFT folder) or, with None, the bare base."""

    prompt: str
    adapter: Path | None = None


@dataclass(frozen=True)
class Likelihood:
    """`logprob` is the mean log-probability of a token, in nats; `greedy` whether greedy decoding writes the text."""

    logprob: float
    greedy: bool


class Answerer(Protocol):
    """The base model with its adapters, as far as a question needs it. `name` is what it calls the base.

    Raises:
        AdapterError: an adapter's folder is missing, damaged, or belongs to another base model.
        EndpointError: it runs on a server that gives no usable answer, or not the adapter's own.
    """

    name: str

    def answer(self, queries: Sequence[Query], max_tokens: int = 24) -> list[str]:
        """Greedy continuations, cut at the first newline, stripped."""
        ...


class LanguageModel(Answerer, Protocol):
    """The model under training, read only: answers and likelihoods, in batches over adapters."""

    def likelihoods(self, queries: Sequence[Query], completions: Sequence[str]) -> list[Likelihood]:
        """How likely each completion is after its query."""
        ...


class Judge(Protocol):
    """Says whether an answer is right. None means "not judged", which is never "wrong".

    Raises:
        EndpointError: its endpoint cannot be used at all: no answer would be judged.
    """

    def judge(self, question: str, reference: str, answer: str) -> bool | None: ...


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
