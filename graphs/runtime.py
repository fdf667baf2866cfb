"""The one place where ports meet implementations. Everything is opened when it is first needed."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from agent.config import Config, EndpointConfig
from agent.config.sections import SELF
from agent.errors import ConfigError, MissingExtra
from agent.ports import (
    Answerer,
    Chat,
    Embedder,
    Judge,
    LanguageModel,
    Planner,
    Progress,
    Request,
    Strategy,
    Tokens,
    Trainer,
    WriterTrainer,
)
from agent.ports.attribution import Attributor
from agent.ports.ledger import Ledger
from agent.records import Candidate, Event, Plan, Usage, content_id
from agent.records.rounds import PlannerPolicy, WriterPolicy
from agent.strategies import usable
from graphs.tracing import STEP, Listener, Tracer

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from agent.memory.routing import Router
    from agent.memory.winners import ChromaMemory
    from agent.models.chat import OpenAIChat
    from agent.models.own import OwnWriter
    from evals.meters.drift import DriftMeter
    from evals.meters.retention import RetentionMeter
    from seal_train.model.base import Base

MODEL_OF = {
    "train": "trainer", "train-writer": "writer_trainer",
    **dict.fromkeys(("probe", "sample", "evaluate", "gate", "examine", "drift"), "model"),
}  # fmt: skip
"""What may work on accelerators in a step: the name of what the runtime holds."""


class Runtime:
    """What the nodes work with. Building it is free; the model is loaded when a node first asks for it."""

    def __init__(self, config: Config, listener: Listener | None = None, progress: Progress | None = None) -> None:
        self.config, self.listener, self.progress = config, listener, progress
        self._chats: dict[str, OpenAIChat] = {}

    @property
    def begun(self) -> bool:
        """Whether there is a ledger to read. Makes none, unlike `ledger`."""
        from agent.ledger.engine import is_there

        return is_there(self.config.ledger_url)

    @cached_property
    def ledger(self) -> Ledger:
        from agent.ledger import open_ledger

        return open_ledger(self.config.ledger_url)

    @cached_property
    def tracer(self) -> Tracer:
        return Tracer(self.ledger, self.listener, self.gpus)

    def gpus(self, step: str) -> int:
        """Accelerators that a step worked on which has just ended. Loads nothing: what it used, it has loaded."""
        used = MODEL_OF.get(step, "")
        return self.__dict__[used].gpus if used in self.__dict__ else 0

    @cached_property
    def embedder(self) -> Embedder:
        from agent.memory.embedding import MiniLM

        return MiniLM()

    @cached_property
    def memory(self) -> ChromaMemory:
        from agent.memory.winners import ChromaMemory

        return ChromaMemory(self.config.memory_dir, self.config.memory.url or None, self.embedder)

    @cached_property
    def router(self) -> Router:
        from agent.memory.routing import Router

        return Router(self.embedder, self.config.home / "routing.npz")

    @cached_property
    def base(self) -> Base:
        import torch

        from seal_train.model.base import load_base

        model = self.config.model
        if self.listener:
            self.listener(Event(run="", step="load-model", status="started"))
        if model.threads:
            torch.set_num_threads(model.threads)
        return load_base(model.name, self.config.models_dir, model.device, model.dtype)

    @cached_property
    def model(self) -> LanguageModel:
        from seal_train.engines.local import LocalModel

        return LocalModel(self.base)

    @cached_property
    def attributor(self) -> Attributor:
        from seal_train.training.attribution import LocalAttributor

        return LocalAttributor(self.base)

    @cached_property
    def answerer(self) -> Answerer:
        """Who answers questions: the model in this process, or the server that `[ask] endpoint` names."""
        name = self.config.ask.endpoint
        if not name:
            return self.model
        from agent.models.client import EndpointClient
        from agent.models.served import ServedModel

        endpoint = self.config.endpoint(name)
        key = _key(endpoint)
        return ServedModel(EndpointClient(name, endpoint.url, endpoint.model, key, endpoint.timeout, endpoint.attempts))

    @cached_property
    def retention(self) -> RetentionMeter:
        from evals.meters.retention import RetentionMeter

        return RetentionMeter(self.model)

    @cached_property
    def drift(self) -> DriftMeter:
        from evals.meters.drift import DriftMeter

        return DriftMeter(self.model)

    @cached_property
    def trainer(self) -> Trainer:
        """Who trains: this process, or an actor of Ray."""
        if self.config.train.dispatch == "local":
            from seal_train.engines.local import LocalTrainer

            return LocalTrainer(self.base)
        try:
            from seal_train.engines.ray_trainer import RayTrainer
        except ModuleNotFoundError as error:
            raise MissingExtra('[train] dispatch = "ray"', "ray") from error
        return RayTrainer(self.config.model, self.config.models_dir, self.config.train.ray_address)

    @cached_property
    def strategies(self) -> dict[str, Strategy]:
        return usable(self.config.plan.strategies, has_model=bool(self.config.write.endpoint))

    def check(self) -> None:
        """Look at what can be seen to be wrong before a run begins: strategies, reward terms, endpoints, keys.

        Raises:
            ConfigError: a strategy, a reward term or an endpoint that learning uses is not there or cannot be used.
        """
        from evals.rewards.rubric import rubric

        rubric(self.config.reward)
        usable(self.config.plan.strategies, has_model=bool(self.config.write.endpoint))
        for name in self.config.chats:
            self.chat(name)

    def planner(self, strategies: Mapping[str, Strategy]) -> Planner:
        """The configured planner over those strategies that suit a document."""
        from agent.planning.chat import ChatPlanner
        from agent.planning.policy import PolicyPlanner
        from agent.planning.thompson import ThompsonPlanner

        if self.config.plan.planner == "chat":
            return ChatPlanner(self.require_chat(self.config.plan.endpoint), strategies, self.config.train)
        base = self.config.model.name
        acting = self.acting if self.config.plan.planner == "policy" else None
        if acting:
            return PolicyPlanner(acting, strategies, self.config.train)
        return ThompsonPlanner(strategies, self.config.train, lambda: self.ledger.strategy_rewards(base))

    @property
    def acting(self) -> PlannerPolicy | None:
        """The policy that was promoted last for the base model; None where none was, or all were taken back."""
        promotions = self.ledger.promotions(self.config.model.name, "planner")
        policy = self.ledger.policy(promotions[-1].policy) if promotions else None
        return policy if policy and policy.learned_from else None

    @property
    def acting_writer(self) -> WriterPolicy | None:
        """The writer policy that was promoted last for the base model; None where the bare base writes."""
        promotions = self.ledger.promotions(self.config.model.name, "writer")
        policy = self.ledger.writer(promotions[-1].policy) if promotions else None
        return policy if policy and policy.adapter else None

    def written(self, plan: Plan) -> Plan:
        """The plan, by the writer policy that acts where the base model itself is to write for it."""
        writes = self.config.write.endpoint == SELF and self.strategies[plan.strategy].needs_model
        acts = self.acting_writer if writes else None
        return plan.written_by(acts.id) if acts else plan

    @cached_property
    def own_writer(self) -> OwnWriter:
        from agent.models.own import OwnWriter

        return OwnWriter(self._sampled)

    def _sampled(self, requests: Sequence[Request]) -> list[str]:
        """Texts that the base model writes, as a step of their own: several plans wait for one batch. Its event says
        how sure each writer was of its words."""
        run, _, document = STEP.get()
        with self.tracer.step(run, "sample", document) as span:
            drawn = self.model.sample(requests, self.config.write.max_tokens, self.config.write.temperature)
            entropies: dict[str, list[float]] = {}
            for request, text in zip(requests, drawn, strict=True):
                entropies.setdefault(request.adapter.name if request.adapter else "", []).append(text.entropy)
            span.model = self.model.name
            span.data = {"tokens": sum(text.tokens for text in drawn), "entropies": entropies}
        return [text.text for text in drawn]

    def writer_of(self, plan: Plan) -> Chat | None:
        """The chat model that writes a plan's self-edit; None where there is none. The base model itself draws its text
        by the plan's document, strategy and seed: writer policies that are compared make the same draws."""
        if self.config.write.endpoint != SELF:
            return self.chat(self.config.write.endpoint)
        from agent.models.own import OwnChat

        policy = self.ledger.writer(plan.writer) if plan.writer else None
        adapter = self.config.writers_dir / policy.adapter if policy else None
        seed = int(content_id("text", plan.run, plan.document, plan.strategy, plan.settings.seed), 16)
        return OwnChat(self.own_writer, f"writer {plan.writer}" if policy else self.config.model.name, adapter, seed)

    @cached_property
    def writer_trainer(self) -> WriterTrainer:
        """Raises ImportError where TRL is not installed: see `learners.check`."""
        from seal_train.model.base import load_plain
        from seal_train.policies.writer import TRLTrainer

        model, train, improve = self.config.model, self.config.train, self.config.improve
        load = partial(load_plain, model.name, self.config.models_dir, model.device, model.dtype)
        return TRLTrainer(self.base, load, train.rank, train.alpha, improve.writer_rate, improve.writer_epochs)

    @cached_property
    def judge(self) -> Judge | None:
        from evals.probes.judge import ChatJudge

        chat = self.chat(self.config.judge.endpoint)
        return ChatJudge(chat) if chat else None

    def chat(self, name: str) -> Chat | None:
        """The chat model of a named endpoint; "" is none."""
        return self.require_chat(name) if name else None

    def require_chat(self, name: str) -> OpenAIChat:
        """One for each endpoint, whoever asks: requests at once and refused parameters are an endpoint's own."""
        from agent.models.chat import OpenAIChat

        if name not in self._chats:
            endpoint = self.config.endpoint(name)
            chat = OpenAIChat(
                name, endpoint.url, endpoint.model, _key(endpoint), timeout=endpoint.timeout,
                attempts=endpoint.attempts, temperature=endpoint.temperature, max_tokens=endpoint.max_tokens,
                meter=partial(self._spend, name, endpoint),
            )  # fmt: skip
            self._chats.setdefault(name, chat)  # another thread may have been faster
        return self._chats[name]

    def _spend(self, name: str, endpoint: EndpointConfig, tokens: Tokens | None) -> None:
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
        self.ledger.add_usage(usage)

    def folder(self, candidate: str) -> Path:
        """Where a candidate's adapter is on this machine. The path in the ledger may be another machine's."""
        return self.config.work_dir / candidate

    def sweep(self, candidates: Iterable[Candidate]) -> None:
        """Delete the adapters of candidates whose document is closed."""
        for candidate in candidates:
            shutil.rmtree(self.folder(candidate.id), ignore_errors=True)

    @contextmanager
    def checkpoints(self) -> Iterator[BaseCheckpointSaver[str]]:
        """LangGraph's checkpointer: in the ledger's database where that is PostgreSQL, else SQLite under home."""
        from graphs.checkpoints import open_checkpoints

        with open_checkpoints(self.config) as saver:
            yield saver


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
