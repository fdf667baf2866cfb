"""Publishing adapters and promoting policies that a gate let through, or letting them wait for a person."""

from __future__ import annotations

from typing import Literal

from agent.records import Adapter, Answered, Approval, Promotion
from graphs.context import Context

Published = Literal["publish", "wait", "refuse"]
"""Done, waiting for a person, or refused by one before."""


def publish(context: Context, adapter: Adapter, reason: str) -> Published:
    """Publish an adapter that the gate let through, or let it wait for a person."""
    if context.config.gate.approve not in ("publish", "always"):
        context.ledger.publish(adapter, reason)
        return "publish"
    return _ask(context, Approval.make(adapter.run, adapter.title, reason, adapter))


def promote(context: Context, promotion: Promotion) -> Published:
    """Promote a policy that the gate let through, or let it wait for a person. Taking one back never waits."""
    if context.config.gate.approve not in ("policy", "always"):
        context.ledger.promote(promotion)
        return "publish"
    title = f"{promotion.kind} policy of round {promotion.number}"
    for older, answer in context.ledger.asked():
        rival = older.promotion
        competes = rival and rival.id != promotion.id and (rival.kind, rival.base) == (promotion.kind, promotion.base)
        if answer is None and competes:
            context.ledger.answer(Answered(approval=older.id, yes=False, why="a newer policy waits"))
    return _ask(context, Approval.make(promotion.run, title, promotion.reason, promotion))


def _ask(context: Context, approval: Approval) -> Published:
    context.ledger.ask(approval)
    answered = next(answer for one, answer in context.ledger.asked() if one.id == approval.id)
    if answered is None:
        return "wait"
    return "publish" if answered.yes else "refuse"
