"""Approve: stop at what waits for a person, and do what was said.

A run never waits. What needs a word is written to the ledger; this graph has one thread for each such thing, which
stands at a LangGraph interrupt until `seal approve`, or whoever has the graph open, resumes it with an answer.
"""

from __future__ import annotations

from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt
from typing_extensions import TypedDict

from agent.errors import UnknownName
from agent.records import Answered, Approval, Outcome
from graphs.context import Context
from graphs.library.winners import follow


class ApprovalState(TypedDict, total=False):
    approval: str
    answer: dict[str, Any]
    """{"yes": bool, "why": text}"""


def ask(state: ApprovalState, runtime: Runtime[Context]) -> ApprovalState:
    """Stop here with the evidence until somebody answers."""
    approval = waiting(runtime.context, state["approval"])
    return {"answer": interrupt({"title": approval.title, "evidence": approval.evidence})}


def act(state: ApprovalState, runtime: Runtime[Context]) -> ApprovalState:
    """Do what was said, once, and let dataset and memory follow."""
    context, said = runtime.context, state["answer"]
    ledger = context.ledger
    approval = next(one for one, _ in ledger.asked() if one.id == state["approval"])
    with context.tracer.step(approval.run, "approve") as span:
        answered = Answered(approval=approval.id, yes=bool(said["yes"]), why=str(said.get("why", "")))
        span.subject, span.message = approval.id, f"{'yes' if answered.yes else 'no'}: {answered.why}"
        with ledger.transaction():
            if ledger.answer(answered) and approval.adapter:
                outcome = Outcome(kind="published" if answered.yes else "refused by a person")
                ledger.finish_document(approval.run, approval.adapter.document, outcome, approval.adapter.base)
        follow(context)
    return {}


def approval_graph() -> StateGraph[ApprovalState, Context, Any, Any]:
    graph = StateGraph(ApprovalState, context_schema=Context)
    graph.add_node("ask", ask)
    graph.add_node("act", act)
    graph.add_edge(START, "ask")
    graph.add_edge("ask", "act")
    graph.add_edge("act", END)
    return graph


def waiting(context: Context, id: str) -> Approval:
    """Raises UnknownName where nothing of that id waits, or it was answered before."""
    found = {approval.id: (approval, answer) for approval, answer in context.ledger.asked()}
    if id not in found:
        raise UnknownName(f"nothing of the id {id!r} waits", "`seal approve` lists what does")
    approval, answer = found[id]
    if answer is not None:
        raise UnknownName(f"{approval.title} was answered before: {'yes' if answer.yes else 'no'} {answer.why}".strip())
    return approval


def approve(context: Context, id: str, yes: bool, why: str) -> Approval:
    """Answer what waits: its graph goes on from the interrupt. A thread that was lost, or never begun, begins now.

    Raises:
        StoreError: nothing of that id waits, it was answered before, or a store cannot be written.
    """
    approval = waiting(context, id)
    with context.checkpoints() as saver:
        graph = approval_graph().compile(checkpointer=saver)
        config: RunnableConfig = {"configurable": {"thread_id": f"approve {id}"}}
        if not graph.get_state(config).next:
            graph.invoke({"approval": id}, config, context=context)
        graph.invoke(Command(resume={"yes": yes, "why": why}), config, context=context)
        saver.delete_thread(f"approve {id}")
    return approval
