"""Runs, and what came of their documents."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_serializer

from agent.records.base import Record

RunKind = Literal["ingest", "ingest --again", "improve", "practice", "held-out"]
"""A person begins the first three; the last two are the runs of one round of an outer loop (improve)."""
RunStatus = Literal["running", "stopped", "done"]
OutcomeKind = Literal[
    "published", "rejected", "undecided", "waits for approval", "refused by a person", "no gain", "nothing to learn",
    "nothing to measure with", "no strategy that works", "too short to learn from", "known already", "measured",
    "failed", "unfinished",
]  # fmt: skip


class Outcome(Record):
    """What came of a document in a run. `detail` says more: why it failed, or in which language nothing works.

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
