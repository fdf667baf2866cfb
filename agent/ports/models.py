"""The base model with its adapters: answers, likelihoods, texts, and who judges answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


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


class Judge(Protocol):
    """Says whether an answer is right. None means "not judged", which is never "wrong".

    Raises:
        EndpointError: its endpoint cannot be used at all: no answer would be judged.
    """

    def judge(self, question: str, reference: str, answer: str) -> bool | None: ...
