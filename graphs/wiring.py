"""The one place where ports meet implementations. Each is imported and opened when it is first needed."""

from __future__ import annotations

import os
import time
import uuid
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

from agent.clock import Clock
from agent.config import Config, EndpointConfig
from agent.errors import ConfigError, MissingExtra
from agent.ports import (
    Answerer,
    Attributor,
    Embedder,
    Judge,
    LanguageModel,
    Ledger,
    Progress,
    Strategy,
    Tokens,
    Trainer,
    WriterTrainer,
)
from agent.records import Event, Usage
from agent.strategies import usable
from graphs.context import Context, Makers
from graphs.tracing import STEP, Listener

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from agent.memory.routing import Router
    from agent.memory.winners import ChromaMemory
    from agent.models.chat import OpenAIChat
    from seal_train.model.base import Base


def open_ledger(config: Config, clock: Clock) -> Ledger:
    from agent.ledger import open_ledger

    return open_ledger(config.ledger_url, clock)


def open_checkpoints(config: Config) -> AbstractContextManager[BaseCheckpointSaver[str]]:
    from graphs.checkpoints import open_checkpoints

    return open_checkpoints(config)


def open_embedder() -> Embedder:
    from agent.memory.embedding import MiniLM

    return MiniLM()


def open_memory(context: Context) -> ChromaMemory:
    from agent.memory.winners import ChromaMemory

    return ChromaMemory(context.config.memory_dir, context.config.memory.url or None, context.embedder)


def open_router(context: Context) -> Router:
    from agent.memory.routing import Router

    return Router(context.embedder, context.config.home / "routing.npz")


def load_base(context: Context) -> Base:
    """The base model. Model, trainer and attributor share it: ask for it by `context.keep(load_base)`."""
    import torch

    from seal_train.model.base import load_base

    model = context.config.model
    if context.listener:
        context.listener(Event(run="", step="load-model", status="started"))
    if model.threads:
        torch.set_num_threads(model.threads)
    return load_base(model.name, context.config.models_dir, model.device, model.dtype)


def open_model(context: Context) -> LanguageModel:
    from seal_train.engines.local import LocalModel

    return LocalModel(context.keep(load_base))


def open_attributor(context: Context) -> Attributor:
    from seal_train.training.attribution import LocalAttributor

    return LocalAttributor(context.keep(load_base))


def open_answerer(context: Context) -> Answerer:
    """The model in this process, or the server that `[ask] endpoint` names."""
    name = context.config.ask.endpoint
    if not name:
        return context.model
    from agent.models.client import EndpointClient
    from agent.models.served import ServedModel

    it = context.config.endpoint(name)
    return ServedModel(EndpointClient(name, it.url, it.model, _key(it), it.timeout, it.attempts))


def open_trainer(context: Context) -> Trainer:
    """This process, or an actor of Ray."""
    config = context.config
    if config.train.dispatch == "local":
        from seal_train.engines.local import LocalTrainer

        return LocalTrainer(context.keep(load_base))
    try:
        from seal_train.engines.ray_trainer import RayTrainer
    except ModuleNotFoundError as error:
        raise MissingExtra('[train] dispatch = "ray"', "ray") from error
    return RayTrainer(config.model, config.models_dir, config.train.ray_address)


def open_writer_trainer(context: Context) -> WriterTrainer:
    """Raises ImportError where TRL is not installed: the method "writer" checks that before a run."""
    from seal_train.model.base import load_plain
    from seal_train.policies.writer import TRLTrainer

    model, train, improve = context.config.model, context.config.train, context.config.improve
    load = partial(load_plain, model.name, context.config.models_dir, model.device, model.dtype)
    base = context.keep(load_base)
    return TRLTrainer(base, load, train.rank, train.alpha, improve.writer_rate, improve.writer_epochs)


def find_strategies(config: Config) -> dict[str, Strategy]:
    return usable(config.plan.strategies, has_model=bool(config.write.endpoint))


def open_judge(context: Context) -> Judge | None:
    from evals.probes.chat import ChatJudge

    chat = context.chat(context.config.judge.endpoint)
    return ChatJudge(chat) if chat else None


def open_chat(context: Context, name: str) -> OpenAIChat:
    """Raises ConfigError where no endpoint has that name, or its key is not in the environment."""
    from agent.models.chat import OpenAIChat

    it = context.config.endpoint(name)
    return OpenAIChat(
        name, it.url, it.model, _key(it), timeout=it.timeout, attempts=it.attempts, temperature=it.temperature,
        max_tokens=it.max_tokens, meter=partial(_spend, context, name, it),
    )  # fmt: skip


def _spend(context: Context, name: str, endpoint: EndpointConfig, tokens: Tokens | None) -> None:
    """Write down at once what an answer took, so that a kill does not lose it. Outside of steps nothing is."""
    run, step, _ = STEP.get()
    if not run:
        return
    found = tokens or Tokens(0, 0)
    price = (found.prompt * endpoint.price_in + found.completion * endpoint.price_out) / 1e6
    usage = Usage(
        id=uuid.uuid4().hex, run=run, step=step, endpoint=name, model=endpoint.model, prompt_tokens=found.prompt,
        completion_tokens=found.completion, reported=tokens is not None, money=price,
    )  # fmt: skip
    context.ledger.add_usage(usage)


def _key(endpoint: EndpointConfig) -> str | None:
    """The endpoint's key, from the environment variable that it names."""
    if not endpoint.api_key_env:
        return None
    key = os.environ.get(endpoint.api_key_env)
    if not key:
        raise ConfigError(
            f"an endpoint needs a key, and the environment variable {endpoint.api_key_env} is not set",
            f"export {endpoint.api_key_env}=..., or change api_key_env in the endpoint's section",
        )
    return key


def new_name() -> str:
    """A run's name: the minute in which it began, and four random digits so that two never meet."""
    return time.strftime("%Y%m%d-%H%M-") + uuid.uuid4().hex[:4]


REAL = Makers(
    ledger=open_ledger, checkpoints=open_checkpoints, embedder=open_embedder, memory=open_memory, router=open_router,
    model=open_model, answerer=open_answerer, attributor=open_attributor, trainer=open_trainer,
    writer_trainer=open_writer_trainer, strategies=find_strategies, chat=open_chat, judge=open_judge,
    new_name=new_name, clock=Clock(),
)  # fmt: skip
"""What seal runs with."""


def open_context(config: Config, listener: Listener | None = None, progress: Progress | None = None) -> Context:
    """A context over the real parts."""
    return Context(config, REAL, listener, progress)
