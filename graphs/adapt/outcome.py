"""What came of a document, in a few words, from the state that its graph ended in."""

from __future__ import annotations

from agent.text.language import ENGLISH
from graphs.state import AdaptState

OUTCOMES = {"publish": "published", "reject": "rejected", "wait": "waits for approval", "refuse": "refused by a person"}
"""By the gate's verdict, or where it said "publish" by what came of that."""


def outcome(state: AdaptState) -> str:
    if state.get("failure"):
        return f"failed: {state['failure']}"
    foreign = "" if state["language"] == ENGLISH else f" in this language ({state['language']})"
    if not state["measurable"]:
        return f"nothing to measure with{foreign}"
    if not state["plans"]:
        return f"no strategy that works{foreign}"
    if not state.get("candidates"):
        return "nothing to learn" if state.get("drafts") else "failed: no self-edit could be written"
    if not state.get("champion"):
        return "no gain"
    return OUTCOMES.get(state.get("verdict", ""), "undecided")
