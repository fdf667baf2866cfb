"""What was learned and is kept: winners, and the adapters that answer."""

from __future__ import annotations

from typing import Self

from agent.records.base import Record, content_id
from agent.records.edits import TrainSettings
from agent.records.rounds import Promotion


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


class LibraryVersion(Record):
    """One state of the adapter library. `current` marks the one that answers now.

    `added` is the adapter that this version has and its parent has not, `candidate` what that was before it was
    published; `removed` is the one that its parent has and it has not.
    """

    version: int
    parent: int | None
    added: str | None
    candidate: str | None
    removed: str | None
    reason: str
    at: float
    current: bool


class Approval(Record):
    """What waits for a person's word: an adapter to be published, or a policy to be promoted. `evidence` is what the
    gate said of it."""

    id: str
    run: str
    title: str
    evidence: str
    adapter: Adapter | None = None
    promotion: Promotion | None = None

    @classmethod
    def make(cls, run: str, title: str, evidence: str, subject: Adapter | Promotion) -> Self:
        told = {"adapter": subject} if isinstance(subject, Adapter) else {"promotion": subject}
        key = content_id("approval", subject.candidate if isinstance(subject, Adapter) else subject.id)
        return cls.model_validate({"id": key, "run": run, "title": title, "evidence": evidence, **told})


class Answered(Record):
    """A person's word on an approval, and why."""

    approval: str
    yes: bool
    why: str
