"""Runs, what came of their documents, their trace, and what their steps used."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_serializer

from agent.records.base import Record

RunKind = Literal["ingest", "ingest --again", "improve", "practice", "held-out"]
"""A person begins the first three; the last two are the runs of one round of an outer loop (improve)."""
RunStatus = Literal["running", "stopped", "done"]
OutcomeKind = Literal[
    "published", "rejected", "undecided", "waits for approval", "refused by a person", "no gain", "nothing to learn",
    "nothing to measure with", "too few probes", "no strategy that works", "too short to learn from", "known already",
    "measured", "failed", "unfinished",
]  # fmt: skip


class Outcome(Record):
    """What came of a document in a run. `detail` says more: why it failed, in which language nothing works, or how many
    probes there were.

    "unfinished" is never written down: it is what a reader says where the run did not get to the end of the document.
    """

    kind: OutcomeKind
    detail: str = ""

    @classmethod
    def failed(cls, why: str) -> Outcome:
        return cls(kind="failed", detail=why)

    @property
    def is_final(self) -> bool:
        """Whether the document is done with: a failed one is tried again by the next run that reads it."""
        return self.kind != "failed"

    @model_serializer(when_used="json")
    def __str__(self) -> str:
        """As a person reads it, and as JSON has it."""
        if self.kind == "failed":
            return f"failed: {self.detail}"
        return f"{self.kind} {self.detail}".strip()


class Run(Record):
    """One run, as the ledger holds it.

    `parent`, `round` and `trains` are those of a practice or held-out run: the outer loop that it belongs to, the
    number of its round, and the method that the round trains; None for runs that a person began. `seconds` adds up all
    `sittings`; `began_at`, `process` and `machine` are the last sitting's. Times are in seconds since 1970.
    """

    id: str = Field(serialization_alias="run")
    kind: RunKind
    status: RunStatus
    parent: str | None = None
    round: int | None = None
    trains: str | None = None
    config: dict[str, Any]
    sources: tuple[str, ...]
    summary: dict[str, Any]
    started_at: float
    finished_at: float | None
    sittings: int
    seconds: float
    began_at: float
    process: int | None
    machine: str | None

    @property
    def base(self) -> str | None:
        """The name of its base model; None where it was started without a configuration."""
        model: dict[str, Any] = self.config.get("model", {})
        return model.get("name")

    def was_on(self, base: str) -> bool:
        """Whether its base model was this one. A run without a configuration may have had any."""
        return self.base in (None, base)


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
    data: dict[str, Any] = Field(default_factory=dict)
    at: float = 0.0


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


class Used(Record):
    """What runs have used. `gpu_seconds` counts each second of a step once for each accelerator that it worked on.

    `answers` came from endpoints, for `unreported` of them the server counted no tokens. `money` is in the unit of the
    endpoints' prices, at the price of the day.
    """

    gpu_seconds: float
    answers: int
    unreported: int
    prompt_tokens: int
    completion_tokens: int
    money: float
