"""People in the loop: what waits for a person, and the graph that asks and does what was said.

A run never waits. What needs a word is written to the ledger; the graph below has one thread for each such thing, which
stands at a LangGraph interrupt until `seal approve`, or whoever has the graph open, resumes it with an answer.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from agent.errors import UnknownName
from agent.records import Adapter
from agent.records.rounds import Answered, Approval, Promotion
from graphs.adapt.outcome import OUTCOMES
from graphs.library.winners import follow
from graphs.runtime import Runtime

Verdict = Literal["publish", "wait", "refuse"]


def publish(runtime: Runtime, adapter: Adapter, reason: str) -> Verdict:
    """Publish an adapter that the gate let through, or let it wait for a person."""
    ledger = runtime.ledger
    if runtime.config.gate.approve not in ("publish", "always"):
        ledger.publish(adapter, reason)
        return "publish"
    return _asked(runtime, Approval.make(adapter.run, adapter.title, reason, adapter))


def promote(runtime: Runtime, promotion: Promotion) -> Verdict:
    """Promote a policy that the gate let through, or let it wait for a person. Taking one back never waits."""
    if runtime.config.gate.approve not in ("policy", "always"):
        runtime.ledger.promote(promotion)
        return "publish"
    title = f"{promotion.kind} policy of round {promotion.number}"
    for older, answer in runtime.ledger.asked():
        rival = older.promotion
        if answer is None and rival and rival.id != promotion.id and _alike(rival, promotion):
            runtime.ledger.answer(Answered(approval=older.id, yes=False, why="a newer policy waits"))
    return _asked(runtime, Approval.make(promotion.run, title, promotion.reason, promotion))


def _alike(one: Promotion, other: Promotion) -> bool:
    return (one.kind, one.base) == (other.kind, other.base)


def _asked(runtime: Runtime, approval: Approval) -> Verdict:
    runtime.ledger.ask(approval)
    answered = next(answer for one, answer in runtime.ledger.asked() if one.id == approval.id)
    if answered is None:
        return "wait"
    return "publish" if answered.yes else "refuse"


class ApprovalState(TypedDict, total=False):
    approval: str
    answer: dict[str, Any]
    """{"yes": bool, "why": text}"""


class ApprovalNodes:
    def __init__(self, runtime: Runtime) -> None:
        self.rt = runtime

    def ask(self, state: ApprovalState) -> ApprovalState:
        """Stop here with the evidence until somebody answers."""
        approval = waiting(self.rt, state["approval"])
        return {"answer": interrupt({"title": approval.title, "evidence": approval.evidence})}

    def act(self, state: ApprovalState) -> ApprovalState:
        """Do what was said, once, and let dataset and memory follow."""
        said, ledger = state["answer"], self.rt.ledger
        approval = next(one for one, _ in ledger.asked() if one.id == state["approval"])
        with self.rt.tracer.step(approval.run, "approve") as span:
            answered = Answered(approval=approval.id, yes=bool(said["yes"]), why=str(said.get("why", "")))
            span.subject, span.message = approval.id, f"{'yes' if answered.yes else 'no'}: {answered.why}"
            with ledger.transaction():
                if ledger.answer(answered) and approval.adapter:
                    outcome = OUTCOMES["publish" if answered.yes else "refuse"]
                    ledger.finish_document(approval.run, approval.adapter.document, outcome, approval.adapter.base)
            follow(self.rt)
        return {}


def approval_graph(runtime: Runtime) -> StateGraph[ApprovalState, Any, Any, Any]:
    nodes = ApprovalNodes(runtime)
    graph = StateGraph(ApprovalState)
    graph.add_node("ask", nodes.ask)
    graph.add_node("act", nodes.act)
    graph.add_edge(START, "ask")
    graph.add_edge("ask", "act")
    graph.add_edge("act", END)
    return graph


def waiting(runtime: Runtime, id: str) -> Approval:
    """Raises StoreError where nothing of that id waits, or it was answered before."""
    found = {approval.id: (approval, answer) for approval, answer in runtime.ledger.asked()}
    if id not in found:
        raise UnknownName(f"nothing of the id {id!r} waits", "`seal approve` lists what does")
    approval, answer = found[id]
    if answer is not None:
        raise UnknownName(f"{approval.title} was answered before: {'yes' if answer.yes else 'no'} {answer.why}".strip())
    return approval


def approve(runtime: Runtime, id: str, yes: bool, why: str) -> Approval:
    """Answer what waits: its graph goes on from the interrupt. A thread that was lost, or never begun, begins now.

    Raises:
        StoreError: nothing of that id waits, it was answered before, or a store cannot be written.
    """
    approval = waiting(runtime, id)
    with runtime.checkpoints() as saver:
        graph = approval_graph(runtime).compile(checkpointer=saver)
        config: RunnableConfig = {"configurable": {"thread_id": f"approve {id}"}}
        if not graph.get_state(config).next:
            graph.invoke({"approval": id}, config)
        graph.invoke(Command(resume={"yes": yes, "why": why}), config)
        saver.delete_thread(f"approve {id}")
    return approval
