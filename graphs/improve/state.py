"""The state of the outer loop."""

from __future__ import annotations

from typing import TypedDict


class ImproveState(TypedDict, total=False):
    improve: str
    """The run of the outer loop. `run` is the one of its round's practice or test that is in hand."""
    sources: list[str]
    number: int
    """The round in hand, from 1."""
    run: str
    queue: list[str]
    document: str
    stop: str
    """Why the loop ends; "" while it goes on."""
