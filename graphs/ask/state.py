"""The state of the answer graph."""

from __future__ import annotations

from typing import Any, TypedDict


class AnswerState(TypedDict, total=False):
    question: str
    base_only: bool
    adapter: str
    """The id of the routed adapter; "" where the base answers."""
    title: str
    """The title of the routed adapter's document, also where only the base is to answer; "" where none is near."""
    considered: list[dict[str, Any]]
    """The nearest adapters with their cosine distance, nearest first."""
    answer: str
    base_answer: str
