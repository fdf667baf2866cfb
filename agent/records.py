"""The vocabulary of the project: frozen records that every stage takes and returns.

One word for one thing, used everywhere: document, plan, self-edit, candidate, adapter, probe,
score, reward, winner, champion. Ids are hashes of content, so the same step run twice makes the same id,
and the ledger can tell that it has seen it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

Half = Literal["reward", "heldout"]
ProbeKind = Literal["given", "written", "parsed", "cloze"]
Verdict = Literal["publish", "reject", "undecided"]
RoutedTo = Literal["own", "other", "base"]

BASE = "base"
"""The subject of a score or retention that belongs to no candidate: the bare base model."""


def content_id(*parts: object) -> str:
    """16 hex digits of the SHA-256 of the parts' canonical JSON."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Record(BaseModel):
    """Base of all records: immutable, and refuses fields that it does not know."""

    # JSON has no infinity and no NaN: as strings they come back as what they were, where null would not.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Question(Record):
    """A question with its reference answer, as it came with a document."""

    question: str
    answer: str


class Document(Record):
    """One piece of text to learn. `id` hashes title, text and part, so an exact duplicate has the same id, also where
    one of the two came with questions."""

    id: str
    title: str
    text: str
    source: str = ""
    published: str = ""
    questions: tuple[Question, ...] = ()
    part: int = 0
    parts: int = 1

    @classmethod
    def make(cls, title: str, text: str, **more: Any) -> Self:
        return cls(id=content_id("document", title, text, more.get("part", 0)), title=title, text=text, **more)

    def with_questions(self, more: Sequence[Question]) -> Self:
        """Itself with, after its own questions, those that it did not have. Its own keep their answers."""
        own = {q.question for q in self.questions}
        new = {q.question: q for q in more if q.question not in own}
        return self.model_copy(update={"questions": (*self.questions, *new.values())})


class TrainSettings(Record):
    """How one candidate is trained: `epochs` passes over the self-edit, one sequence a step.

    `top_layers` is the share of the decoder layers that get an adapter, from the top. 1 where a record is older.
    """

    rank: int
    alpha: float
    top_layers: float = 1.0
    learning_rate: float
    epochs: PositiveInt
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
    """What training one candidate came to. `path` is a PEFT folder, `losses` one mean loss an epoch."""

    candidate: str
    path: str
    losses: tuple[float, ...]
    tokens: int
    steps: int
    seconds: float


class Probe(Record):
    """A question that measures knowledge of a document. Never trained on.

    `recall` marks a probe whose wording stands in the document: training on the document makes it
    trivial, so it is reported as recall and never counts for the gate. `distractors` are wrong
    answers of the same kind, for probes that are scored by likelihood. `rivals` counts the other facts of
    the document that could answer by their kind: who knows no more than the kind is right in one of
    `rivals` + 1.
    """

    id: str
    document: str
    kind: ProbeKind
    half: Half
    question: str
    answer: str
    distractors: tuple[str, ...] = ()
    rivals: int = 0
    recall: bool = False

    @classmethod
    def make(cls, document: str, kind: ProbeKind, half: Half, question: str, answer: str, **more: Any) -> Self:
        key = content_id("probe", document, kind, question, answer)
        return cls(id=key, document=document, kind=kind, half=half, question=question, answer=answer, **more)


class Score(Record):
    """One probe answered by one subject (a candidate's id, or "base").

    `correct` is 0 or 1 by `method`; `f1` is token F1 in [0, 1]; `logprob` is the mean log-probability
    of a token of the reference answer, in nats; `judged` is the judge's verdict, None where it was not
    asked or did not answer.
    """

    probe: str
    subject: str
    answer: str
    correct: float
    method: str
    f1: float
    logprob: float
    judged: bool | None = None


class RoutedAnswer(Record):
    """One probe asked as a person asks it: through the router, over one version of the adapter library.

    `library` is that version, 0 where nothing is published. `adapter` is the id of the one that answered, ""
    for the base; `routed_to` says whether it is the adapter of the probe's own document. `correct` is 0 or 1 by
    `method`.
    """

    probe: str
    library: int
    adapter: str
    routed_to: RoutedTo
    answer: str
    correct: float
    method: str


class Retention(Record):
    """What one subject still knows of the fixed general questions.

    `forced` is the accuracy in [0, 1] over the common questions, each under its own topic, with the adapter on,
    which shows what training did to the model. `routed` is the accuracy over all `items`, common and topical, asked
    as `seal ask` asks: with the adapter on, under the title of its document, where a question would be routed
    there, and of the base under no topic elsewhere; `reached` counts the former, None in records from before it
    was counted. `logprob` is in nats a token, over the common ones, adapter forced on.
    """

    subject: str
    forced: float
    routed: float
    logprob: float
    items: int
    reached: int | None = None


class Reward(Record):
    """`value` = clipped `gain` on the reward half minus the weighted `forgetting` (loss of forced retention), `length`
    and `repetition` of the self-edit (see `evals.penalties`)."""

    candidate: str
    gain: float
    forgetting: float
    value: float
    recall_gain: float = 0.0
    length: float = 0.0
    repetition: float = 0.0


class GateDecision(Record):
    """The gate's word on a candidate, with the evidence for it.

    `n` counts the held-out knowledge probes, over which the accuracies are; the retention figures are the
    routed ones.
    """

    candidate: str
    verdict: Verdict
    reason: str
    n: int
    p_value: float
    accuracy_before: float
    accuracy_after: float
    retention_before: float
    retention_after: float


class Winner(Record):
    """The self-edit of a champion that the gate published or left undecided, for RL dataset and memory.

    Its gain was measured with `base`.
    """

    candidate: str
    base: str
    document: str
    title: str
    text: str
    self_edit: str
    strategy: str
    instruction: str
    settings: TrainSettings
    reward: float
    gain: float


class Recalled(Record):
    """A winner that memory found for a document. `distance` is cosine, in [0, 2]."""

    winner: Winner
    distance: float


class Adapter(Record):
    """A published adapter. `id` is the start of the SHA-256 of its config and weights, `path` its PEFT folder."""

    id: str
    candidate: str
    document: str
    title: str
    base: str
    path: str
    run: str


class Usage(Record):
    """What one answer of a model behind an endpoint took, used or not: the tokens as its server counted them, and their
    price, in the unit of the endpoint's prices. `reported` is false where the server did not say: all are 0 then."""

    id: str
    run: str
    step: str
    endpoint: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    reported: bool
    money: float


class Event(Record):
    """One line of the trace. `data` says what went in and what came out. "stopped" is a step that Ctrl-C ended.
    Where it worked on accelerators, `data["gpus"]` says on how many."""

    run: str
    step: str
    document: str = ""
    subject: str = ""
    status: Literal["started", "ok", "failed", "skipped", "stopped"] = "ok"
    message: str = ""
    seconds: float = 0.0
    memory_mib: float = 0.0
    model: str = ""
    data: dict[str, Any] = {}
    at: float = 0.0
