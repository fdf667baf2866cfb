"""Who plans and writes self-edits, and the memory of those that worked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from agent.records import Document, Example, Plan, Recalled, Winner


@dataclass(frozen=True)
class Tokens:
    """What a server counted for one answer, also one that was of no use."""

    prompt: int
    completion: int


Meter = Callable[[Tokens | None], None]
"""Called with every answer of a chat model's server; with None where it did not count."""


class Chat(Protocol):
    """A chat model. `schema` asks for a JSON object of that JSON schema, which is returned as text.

    Raises:
        AnswerError: no usable answer to this request after retries; another request may get one.
        EndpointError: the endpoint cannot be used at all.
    """

    name: str

    def complete(self, system: str, user: str, schema: dict[str, Any] | None = None) -> str: ...


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


class Planner(Protocol):
    name: str

    def plan(self, run: str, document: Document, recalled: Sequence[Recalled], k: int) -> list[Plan]:
        """`k` plans, no two of them the same: plans of one strategy differ in their settings, if only in the seed.

        Raises:
            AnswerError: the model that plans gave no usable answer for this document.
            EndpointError: its endpoint cannot be used at all.
        """
        ...


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
