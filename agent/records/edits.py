"""From the plan to the trained candidate: how a document is learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from pydantic import Field, PositiveInt

from agent.records.base import Record, content_id


class TrainSettings(Record):
    """How one candidate is trained: `epochs` passes over the self-edit, `batch_size` sequences with a prompt per step.

    `top_layers` is the share of the decoder layers that get an adapter, from the top; `tail_average` the share of the
    last steps over whose weights the adapter is the mean. What older records do not say is what was done then.
    """

    rank: int
    alpha: float
    top_layers: float = 1.0
    learning_rate: float
    epochs: PositiveInt
    batch_size: PositiveInt = 1
    tail_average: float = 0.0
    seed: int


class Example(Record):
    """One training sequence, in TRL's prompt-completion convention.

    The loss is the mean over the completion's tokens, and over those of the prompt with the weight `prompt_weight`
    ("prompt loss weight", Huerta-Enochian & Ko 2024, arXiv 2401.13586).
    """

    prompt: str = ""
    completion: str
    prompt_weight: float = Field(default=0.0, ge=0, le=1)

    @property
    def text(self) -> str:
        return self.prompt + self.completion


class Plan(Record):
    """One way to write a self-edit for one document, and the settings to train it with."""

    id: str
    run: str
    document: str
    strategy: str
    instruction: str = ""
    settings: TrainSettings
    planner: str
    reason: str
    recalled: tuple[str, ...] = ()
    writer: str = ""
    """The writer policy by which the base model itself writes the self-edit; "" where nothing of it is asked."""

    def written_by(self, writer: str) -> Self:
        """The same plan, carried out by a writer policy."""
        return self.model_copy(update={"id": content_id("plan", self.id, writer), "writer": writer})

    @classmethod
    def make(cls, run: str, document: str, strategy: str, settings: TrainSettings, **more: Any) -> Self:
        key = content_id("plan", run, document, strategy, settings.model_dump(), more.get("instruction", ""))
        return cls(id=key, run=run, document=document, strategy=strategy, settings=settings, **more)


class Refusal(Record):
    """A training sequence that the check refused, and why."""

    example: Example
    reason: str


class Writing(Record):
    """What a chat model was asked for a self-edit, and what it wrote."""

    system: str
    user: str
    text: str


class SelfEdit(Record):
    """The training data that a plan's strategy wrote. `examples` passed the check, `refused` did not.

    `written` is what a model wrote that they were taken from; empty where none was asked.
    """

    id: str
    plan: str
    document: str
    strategy: str
    writer: str
    examples: tuple[Example, ...]
    refused: tuple[Refusal, ...] = ()
    written: tuple[Writing, ...] = ()

    @classmethod
    def make(
        cls, plan: Plan, writer: str, examples: tuple[Example, ...], refused: tuple[Refusal, ...] = (),
        written: Sequence[Writing] = (),
    ) -> Self:  # fmt: skip
        key = content_id("self-edit", plan.id, [e.model_dump() for e in examples])
        return cls(
            id=key, plan=plan.id, document=plan.document, strategy=plan.strategy,
            writer=writer, examples=examples, refused=refused, written=tuple(written),
        )  # fmt: skip


class Candidate(Record):
    """A self-edit together with the settings and the base model that it is trained with.

    A candidate with `members` was not trained itself: its adapter is the mean of theirs, and its self-edit and
    settings are those of the first, the best rewarded one.
    """

    id: str
    run: str
    document: str
    self_edit: str
    strategy: str
    base: str
    settings: TrainSettings
    members: tuple[str, ...] = ()

    @classmethod
    def make(cls, run: str, self_edit: SelfEdit, base: str, settings: TrainSettings) -> Self:
        key = content_id("candidate", run, self_edit.id, base, settings.model_dump())
        return cls(
            id=key, run=run, document=self_edit.document, self_edit=self_edit.id,
            strategy=self_edit.strategy, base=base, settings=settings,
        )  # fmt: skip

    @classmethod
    def mean(cls, members: Sequence[Self]) -> Self:
        """What the members come to together, best one first; of a single one, that one."""
        best, *others = members
        ids = tuple(member.id for member in members)
        return best.model_copy(update={"id": content_id("mean", ids), "members": ids}) if others else best


class Training(Record):
    """What training one candidate came to. `path` is a PEFT folder, `losses` one mean loss per epoch."""

    candidate: str
    path: str
    losses: tuple[float, ...]
    tokens: int
    steps: int
    seconds: float
