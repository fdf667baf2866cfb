"""What was learned and is kept: winners, and the adapters that answer."""

from __future__ import annotations

from agent.records.base import Record
from agent.records.edits import TrainSettings


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
