"""The trace: what a run did, step by step, and what its steps used."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from agent.records.base import Record


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
