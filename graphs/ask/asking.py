"""Asking one question through the answer graph."""

from __future__ import annotations

from typing import Any

from graphs.ask.graph import answer_graph
from graphs.context import Context
from graphs.views.answers import Answer, Considered, WhyBase


def ask(context: Context, question: str, base_only: bool = False) -> Answer:
    """Route the question and answer it. With `base_only` the base answers what the adapter would have been asked."""
    asked = {"question": question, "base_only": base_only}
    state: dict[str, Any] = answer_graph().compile().invoke(asked, context=context)
    considered = tuple(Considered.model_validate(one) for one in state["considered"])
    adapter = state["adapter"] or None
    return Answer(
        question=question, answer=state["answer"], adapter=adapter, document=state["title"] if adapter else None,
        distance=considered[0].distance if adapter else None, base_answer=state["base_answer"],
        model=context.config.model.name, considered=considered, told="" if adapter else state["title"],
        why_base=None if adapter else _why_base(context, base_only, bool(considered)),
    )  # fmt: skip


def _why_base(context: Context, base_only: bool, any_adapter: bool) -> WhyBase:
    if base_only:
        return "asked for"
    if any_adapter:
        return "none near"
    ledger = context.ledger
    ever = [ledger.adapter(version.added) for version in ledger.library() if version.added]
    taken_back = any(adapter.base == context.config.model.name for adapter in ever)
    return "all taken back" if taken_back else "nothing published"
