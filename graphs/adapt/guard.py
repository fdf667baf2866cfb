"""What a step raises fails its document, not the run, unless it means that the run cannot go on (`agent.failures`).

After a failure the document's other steps do nothing, until its next fork leads to "close".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langgraph.errors import GraphBubbleUp
from langgraph.runtime import Runtime

from agent.failures import ends_run, tried, words
from agent.records import Outcome
from graphs.context import Context

Node = Callable[[Any, Runtime[Context]], dict[str, Any]]


def on_its_own(node: Node) -> Node:
    """The node, of which an error fails the document alone."""

    def guarded(state: Any, runtime: Runtime[Context]) -> dict[str, Any]:
        return {} if state.get("failure") else _tried(node, state, runtime)

    return guarded


def closing(node: Node) -> Node:
    """The node that closes a document. Where it could not, the document is closed as failed, for no base."""

    def guarded(state: Any, runtime: Runtime[Context]) -> dict[str, Any]:
        update, run, document = _tried(node, state, runtime), state["run"], state["document"]
        ledger = runtime.context.ledger
        if update and document not in ledger.outcomes(run):
            ledger.finish_document(run, document, Outcome.failed(update["failure"]), base="")
        return update

    return guarded


def _tried(node: Node, state: Any, runtime: Runtime[Context]) -> dict[str, Any]:
    where = f"document {state['document']}"
    return tried(lambda: node(state, runtime), lambda error: {"failure": words(error)}, where, _ends)


def _ends(error: Exception) -> bool:
    return isinstance(error, GraphBubbleUp) or ends_run(error)  # the first are LangGraph's own signals
