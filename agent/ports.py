"""Ports: what the loop needs from the world. Implementations meet them in graphs/runtime.py only.

The ledger has a module of its own, agent/ledger_port.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from agent.policy import Method
from agent.records import (
    Candidate,
    Document,
    Example,
    Plan,
    Recalled,
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


@dataclass(frozen=True)
class Tokens:
    """What a server counted for one answer, also one that was of no use."""

    prompt: int
    completion: int


Meter = Callable[[Tokens | None], None]
"""Called with every answer of a chat model's server; with None where it did not count."""


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
    """Trains many candidates at once against one frozen base. `gpus` counts the accelerators that it works on, 0 on a
    CPU.

    Raises:
        TrainerError: nothing could be trained. A single candidate that fails is in the answer as an error.
    """

    @property
    def gpus(self) -> int: ...
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


@dataclass(frozen=True)
class Divergence:
    """KL(base || adapter) of the next token, in nats: the mean over all `positions` of one text."""

    nats: float
    positions: int


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


@dataclass(frozen=True)
class Request:
    """What the model is asked as a chat model, with one adapter on or, with None, as the bare base. The answer is drawn
    by the seed."""

    system: str
    user: str
    adapter: Path | None = None
    seed: int = 0


@dataclass(frozen=True)
class Sampled:
    """A drawn answer. `entropy` is the mean of the distributions that its `tokens` and the one that ended it were drawn
    from, in nats; 0 where nothing was drawn."""

    text: str
    tokens: int
    entropy: float


class LanguageModel(Answerer, Protocol):
    """The model under training, read only: answers, likelihoods and divergences, in batches over
    adapters. `gpus` counts the accelerators that it works on, 0 on a CPU."""

    @property
    def gpus(self) -> int: ...

    def likelihoods(self, queries: Sequence[Query], completions: Sequence[str]) -> list[Likelihood]:
        """How likely each completion is after its query."""
        ...

    def sample(self, requests: Sequence[Request], max_tokens: int, temperature: float) -> list[Sampled]:
        """An answer to each request, drawn from the model's own distribution at that temperature, to the end of its
        turn or `max_tokens`.

        Raises:
            ModelError: the model has no chat template.
        """
        ...

    def divergences(self, queries: Sequence[Query]) -> list[Divergence]:
        """How far each query's adapter is from the base on the query's prompt. The base is 0 from itself."""
        ...

    def turn(self, request: str) -> str:
        """The prompt in which a person's request is put to the model: in its chat form where it has one, else plain."""
        ...


@dataclass(frozen=True)
class Lesson:
    """A text that was written on request, and the reward of what was trained on it."""

    system: str
    user: str
    text: str
    reward: float


class WriterTrainer(Protocol):
    """Trains the base model to write as the better rewarded lessons do. `gpus` counts the accelerators that it works
    on, 0 on a CPU."""

    @property
    def gpus(self) -> int: ...

    def train(
        self,
        method: Method,
        lessons: Sequence[Lesson],
        seed: int,
        folder: Path,
        dataset: Path,
        progress: Progress | None = None,
    ) -> bool:
        """Writes what is trained on to `dataset` and the adapter as a PEFT folder; both appear whole or not at all.
        False, and nothing is written, where the lessons hold nothing to learn from.

        Raises:
            TrainerError: it could not be trained.
            StoreError: the adapter or the dataset cannot be written.
        """
        ...


class Judge(Protocol):
    """Says whether an answer is right. None means "not judged", which is never "wrong".

    Raises:
        EndpointError: its endpoint cannot be used at all: no answer would be judged.
    """

    def judge(self, question: str, reference: str, answer: str) -> bool | None: ...
