"""The vocabulary of the outer loop: policies, what they were measured to be worth, and rounds.

A planner policy says which plan to try for which document. It is a linear contextual bandit: for each strategy a linear
model of the reward over the document's features and the learning rate, with a normal posterior. A writer policy writes
the self-edits of those strategies that ask a model: it is the base model with an adapter of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Literal, Self

from pydantic import Field

from agent.records.base import Record, content_id
from agent.records.measures import Drift

Arm = Literal["current", "learned", "random", "untrained", "usual"]
"""Who is compared: the policy that acts, the one learned from all rewards so far, some learned from the same rewards
dealt to actions at random, one that has learned nothing, and the planner that plans where there is no policy."""
Word = Literal["promote", "keep", "roll back"]
WriterTraining = Literal["sft", "dpo", "grpo"]
"""How a writer policy is trained, each by TRL's trainer of that name."""


class Action(Record):
    """What a planner policy chooses for a document: a strategy, and its learning rate as a multiple of the usual."""

    strategy: str
    rate: float


class Policy(Record):
    """What a method of improving has learned. `kind` is the method's name; each method has a class of its own, whose
    default says which. `run` is the practice run after which it was learned, "" where it has learned nothing;
    `learned_from` counts what it was learned from."""

    id: str
    kind: str
    run: str
    arm: Arm
    base: str
    learned_from: int

    @property
    def learned(self) -> bool:
        """Whether it has learned anything."""
        return self.learned_from > 0


class PlannerPolicy(Policy):
    """The posterior of a linear model a strategy over `[1, features, log2 rate, (log2 rate)^2]`.

    `centre` and `scale` standardize the F document features. `mean` is [S * (F + 3)], strategies one after the other,
    `covariance` [S * (F + 3)] squared. It is learned from rewarded self-edits.
    """

    kind: str = "planner"
    strategies: tuple[str, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]

    @classmethod
    def make(cls, run: str, arm: Arm, base: str, strategies: Sequence[str], **learned: object) -> Self:
        key = content_id("planner policy", run, arm, base, list(strategies), learned)
        return cls.model_validate(
            {"id": key, "run": run, "arm": arm, "base": base, "strategies": tuple(strategies), **learned}
        )


class WriterPolicy(Policy):
    """An adapter with which the base model writes self-edits. `adapter` names it by its content's hash; "" is the bare
    base. `dataset` names the file of texts that it was trained on, likewise; `learned_from` counts the rewarded texts
    that this was chosen from."""

    kind: str = "writer"
    method: WriterTraining
    adapter: str
    dataset: str

    @property
    def learned(self) -> bool:
        return bool(self.adapter)

    @classmethod
    def make(cls, run: str, arm: Arm, base: str, method: WriterTraining, **learned: object) -> Self:
        key = content_id("writer policy", run, arm, base, method, learned)
        return cls.model_validate({"id": key, "run": run, "arm": arm, "base": base, "method": method, **learned})


class Promotion(Record):
    """A policy that acts from here on in place of another one, and why. `replaces` is "" for the first one.

    `number` is the round of `run` whose gate let it through; a person who takes one back has `run` "".
    """

    id: str
    kind: str = "planner"
    run: str
    number: int
    base: str
    policy: str
    replaces: str
    reason: str

    @classmethod
    def make(cls, kind: str, run: str, number: int, base: str, policy: str, replaces: str, reason: str) -> Self:
        key = content_id("promotion", run, number, policy, replaces)
        return cls(
            id=key, kind=kind, run=run, number=number, base=base, policy=policy, replaces=replaces, reason=reason
        )


class Trial(Record):
    """What one policy's plan for one held-out document came to.

    `gain` is over the base, in [-1, 1], on all of the document's knowledge probes; 0 where the plan wrote nothing to
    train on. `forgetting` is the loss of forced retention. `candidate` is "" where nothing was trained.
    """

    document: str
    action: Action
    candidate: str
    gain: float
    forgetting: float
    tokens: int


class ArmResult(Record):
    """One arm's trials on the held-out documents of a round, in their order. Of several policies each planned for some
    of the documents."""

    arm: Arm
    policies: tuple[str, ...]
    trials: tuple[Trial, ...]

    @property
    def gain(self) -> float:
        """The mean of its trials, of which there must be one."""
        return fmean(trial.gain for trial in self.trials)


class Difference(Record):
    """Paired differences of two arms over documents: their mean, its 95% interval, and the one-sided p-value."""

    n: int
    mean: float
    low: float
    high: float
    p_value: float


class Prediction(Record):
    """What the reward model expected of a self-edit before it was trained, from so many rewarded ones before it."""

    self_edit: str
    run: str
    value: float
    learned_from: int


class Noise(Record):
    """Standard deviations of rewards: of one self-edit from `seed` to seed, with so many degrees of freedom, and of a
    document's self-edits beyond that, their `own`."""

    seed: float
    own: float
    freedom: int


class Calibration(Record):
    """How n predictions of rewards did: their rank correlation with the measured ones within documents, with its
    one-sided p-value, the slope of measured over predicted (1 is right), and the mean absolute error."""

    n: int
    spearman: float
    p_value: float
    slope: float
    error: float


class Practised(Record):
    """What the practice of a round came to. `actions` counts the self-edits by strategy and rate, `rewards` are theirs
    in the order of the documents; `predicted` is what the acting policy expected of them before they were trained,
    nothing where it expects nothing.
    `noise` is that of this practice and the latest before it, None where nothing was trained with two seeds."""

    documents: int
    candidates: int
    tokens: int
    actions: dict[str, int]
    rewards: tuple[float, ...]
    predicted: tuple[float, ...]
    noise: Noise | None = None


class Texts(Record):
    """What a writer wrote for the held-out documents of a round: how many texts, of how many something passed the
    check, words per text, the share of distinct word pairs in all of them, and the mean entropy of its answers in nats
    per token, None where nobody measured it."""

    written: int
    usable: int
    words: float
    distinct: float
    entropy: float | None


class Round(Record):
    """One round of the outer loop, written down when its gate has spoken. `kind` is what its policies do.

    `differences` are against the current policy, by arm. `refused` counts held-out documents that were left out since
    a step failed for one of the arms. `calibration` is the reward model's on this round's practice, None where it had
    predicted nothing yet. `screened` counts the drafts that it kept from being trained. `drift` is a learned writer's
    from the base model, `texts` are about what each writer wrote.
    """

    kind: str = "planner"
    run: str
    number: int
    base: str
    acting: str
    challenger: str
    practised: Practised
    results: tuple[ArmResult, ...]
    differences: dict[str, Difference]
    refused: int
    calibration: Calibration | None = None
    screened: int = 0
    drift: Drift | None = None
    texts: dict[Arm, Texts] = Field(default_factory=dict)
    word: Word
    reason: str
    seconds: float
