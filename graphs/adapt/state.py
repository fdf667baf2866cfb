"""The state of one document's graphs. It carries ids and small values; what they stand for is in the ledger."""

from __future__ import annotations

import operator
from typing import Annotated, Any

from typing_extensions import TypedDict

from agent.records import Outcome
from agent.text.language import ENGLISH


def first_failure(before: str, now: str) -> str:
    """Writers side by side may fail all at once."""
    return before or now


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
    """Whether there are probes enough to go on."""
    lacking: str
    """What gate or reward lack of the probes that were made, in brackets; "" where none were made, or enough."""
    candidates: list[str]
    failure: Annotated[str, first_failure]
    """Why the document failed: no usable answer from prober or planner, no candidate is left of a step, or what a step
    raised (see `graphs.adapt.guard`)."""
    champion: str
    """The candidate that goes to the gate; "" where none earned a reward."""
    verdict: str


class WriteState(TypedDict):
    """What one writer is sent: a single plan."""

    run: str
    document: str
    plan: str


BY_VERDICT = {
    "publish": Outcome(kind="published"), "reject": Outcome(kind="rejected"),
    "wait": Outcome(kind="waits for approval"), "refuse": Outcome(kind="refused by a person"),
}  # fmt: skip
"""By the gate's verdict, or where it said "publish" by what came of that. Any other verdict is undecided."""


def outcome_of(state: AdaptState) -> Outcome:
    """What came of a document, from the state that its graph ended in."""
    if state.get("failure"):
        return Outcome.failed(state["failure"])
    foreign = "" if state["language"] == ENGLISH else f"in this language ({state['language']})"
    if state.get("lacking"):
        return Outcome(kind="too few probes", detail=state["lacking"])
    if not state["measurable"]:
        return Outcome(kind="nothing to measure with", detail=foreign)
    if not state["plans"]:
        return Outcome(kind="no strategy that works", detail=foreign)
    if not state.get("candidates"):
        if state.get("drafts"):
            return Outcome(kind="nothing to learn")
        return Outcome.failed("no self-edit could be written")
    if not state.get("champion"):
        return Outcome(kind="no gain")
    return BY_VERDICT.get(state.get("verdict", ""), Outcome(kind="undecided"))
