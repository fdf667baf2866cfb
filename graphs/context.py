"""What every node works with: the configuration, and the ports behind which all else is.

LangGraph hands it to each node as `runtime.context`. Building it is free: each port is made when it is first asked for,
so that nothing loads a model which needs none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from agent.clock import Clock
from agent.config import Config
from agent.ports import (
    Answerer,
    Attributor,
    Chat,
    Embedder,
    Judge,
    LanguageModel,
    Ledger,
    Memory,
    Progress,
    Strategy,
    Trainer,
    WriterTrainer,
)
from agent.records import RunKind
from agent.redact import without_credentials
from graphs.tracing import Listener, Tracer

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from agent.memory.routing import Router

T = TypeVar("T")

WORKS_IN = {
    "train": "trainer", "train-writer": "writer_trainer",
    **dict.fromkeys(("probe", "sample", "evaluate", "gate", "examine", "drift"), "model"),
}  # fmt: skip
"""Which port may work on accelerators in a step."""


@dataclass(frozen=True)
class Makers:
    """How each port is made. The real ones are in graphs/wiring.py; tests replace some."""

    ledger: Callable[[Config, Clock], Ledger]
    checkpoints: Callable[[Config], AbstractContextManager[BaseCheckpointSaver[str]]]
    embedder: Callable[[], Embedder]
    memory: Callable[[Context], Memory]
    router: Callable[[Context], Router]
    model: Callable[[Context], LanguageModel]
    answerer: Callable[[Context], Answerer]
    attributor: Callable[[Context], Attributor]
    trainer: Callable[[Context], Trainer]
    writer_trainer: Callable[[Context], WriterTrainer]
    strategies: Callable[[Config], dict[str, Strategy]]
    chat: Callable[[Context, str], Chat]
    judge: Callable[[Context], Judge | None]
    new_name: Callable[[], str]
    """A name for a new run."""
    clock: Clock


class Made(Generic[T]):
    """A part of a context that is made when it is first asked for, and kept under its name in the context."""

    def __init__(self, make: Callable[[Context], T]) -> None:
        self.make = make

    def __set_name__(self, owner: type[Context], name: str) -> None:
        self.name = name

    def __get__(self, context: Context, owner: type[Context]) -> T:
        made = context.__dict__[self.name] = self.make(context)
        return made


@dataclass(eq=False)
class Context:
    """The ports under one configuration."""

    config: Config
    makers: Makers
    listener: Listener | None = None
    """Is told of every event."""
    progress: Progress | None = None
    """Is told of every step of a training."""
    _chats: dict[str, Chat] = field(default_factory=dict, init=False, repr=False)
    _kept: dict[Callable[[Context], Any], Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def clock(self) -> Clock:
        return self.makers.clock

    def under(self, config: Config) -> Context:
        """The same over another configuration of the same ledger, which stays open."""
        other = Context(config, self.makers, self.listener, self.progress)
        if "ledger" in self.__dict__:
            other.ledger = self.ledger
        return other

    @cached_property
    def ledger(self) -> Ledger:
        return self.makers.ledger(self.config, self.clock)

    @property
    def begun(self) -> bool:
        """Whether there is a ledger to read. Makes none, unlike `ledger`."""
        from agent.ledger.engine import is_there

        return is_there(self.config.ledger_url)

    @cached_property
    def tracer(self) -> Tracer:
        return Tracer(self.ledger, self.clock, self.listener, self._gpus)

    def _gpus(self, step: str) -> int:
        """Accelerators that a step worked on which has just ended. Loads nothing: what it used, it has loaded."""
        used: LanguageModel | Trainer | None = self.__dict__.get(WORKS_IN.get(step, ""))
        return used.gpus if used else 0

    embedder = Made(lambda it: it.makers.embedder())
    memory = Made(lambda it: it.makers.memory(it))
    router = Made(lambda it: it.makers.router(it))
    model = Made(lambda it: it.makers.model(it))
    answerer = Made(lambda it: it.makers.answerer(it))
    """Who answers what people ask."""
    attributor = Made(lambda it: it.makers.attributor(it))
    trainer = Made(lambda it: it.makers.trainer(it))
    writer_trainer = Made(lambda it: it.makers.writer_trainer(it))
    strategies = Made(lambda it: it.makers.strategies(it.config))
    judge = Made(lambda it: it.makers.judge(it))

    def chat(self, name: str) -> Chat | None:
        """The chat model of a named endpoint; "" is none. One for each endpoint, whoever asks: requests at once and
        refused parameters are an endpoint's own."""
        if name and name not in self._chats:
            self._chats.setdefault(name, self.makers.chat(self, name))  # another thread may have been faster
        return self._chats[name] if name else None

    def start_run(self, name: str, kind: RunKind, sources: Sequence[str]) -> None:
        """Write a run down as running, under this configuration. User names and passwords of sources are not kept."""
        self.ledger.start_run(name, kind, self.config.recorded(), [without_credentials(source) for source in sources])

    def checkpoints(self) -> AbstractContextManager[BaseCheckpointSaver[str]]:
        """LangGraph's checkpointer: in the ledger's database where that is PostgreSQL, else SQLite under home."""
        return self.makers.checkpoints(self.config)

    def keep(self, make: Callable[[Context], T]) -> T:
        """What `make` makes of this context, made once: for what remembers between nodes."""
        if make not in self._kept:
            self._kept[make] = make(self)
        kept: T = self._kept[make]
        return kept

    def check(self) -> None:
        """Look at what can be seen to be wrong before a run begins: strategies, reward terms, endpoints, keys.

        Raises:
            ConfigError: a strategy, a reward term or an endpoint that learning uses is not there or cannot be used.
        """
        from evals.rewards.rubric import rubric

        rubric(self.config.reward)
        self.makers.strategies(self.config)
        for name in self.config.chats:
            self.chat(name)
