"""Typed state of the graphs. It carries ids and small values; what they stand for is in the ledger."""

from __future__ import annotations

import operator
from typing import Annotated, Any, TypedDict


class IngestState(TypedDict, total=False):
    run: str
    sources: list[str]
    queue: list[str]
    """Ids of the documents that are still to do."""
    document: str
    """The one in hand; "" where the queue is empty."""


class AdaptState(TypedDict, total=False):
    run: str
    document: str
    language: str
    """The code of the document's language."""
    recalled: list[dict[str, Any]]
    plans: list[str]
    drafts: Annotated[list[dict[str, Any]], operator.add]
    """What the writers wrote, before the check: plan, writer, examples."""
    measurable: bool
    """Whether there is any probe to give a reward."""
    candidates: list[str]
    failure: str
    """Why the document failed: no usable answer from prober or planner, or no candidate is left of a step."""
    champion: str
    """The candidate that goes to the gate; "" where none earned a reward."""
    verdict: str


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


class WriteState(TypedDict):
    """What one writer is sent: a single plan."""

    run: str
    document: str
    plan: str


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
