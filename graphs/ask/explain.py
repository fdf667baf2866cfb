"""Explain: what an answer's adapter changed in the base, and which training lines moved the answer."""

from __future__ import annotations

from agent.errors import MissingPackage, ModelError
from agent.ports import Attributor, Progress
from agent.records import Candidate, Example
from evals.probes.matching import contains
from graphs.context import Context
from graphs.library.folders import routed_query
from graphs.library.winners import members_of
from graphs.views.answers import Answer, Explanation, ModuleChange, TrainingLine


def explain(context: Context, answer: Answer, progress: Progress | None = None) -> Explanation:
    """Of an answer that an adapter gave.

    Raises:
        AdapterError: the adapter cannot be read.
        ModelError: a server gave the answer, and the model cannot be loaded here.
        TrainerError: not enough memory.
    """
    assert answer.adapter is not None, "an adapter answered"
    adapter = context.ledger.adapter(answer.adapter)
    asked = routed_query(context.config, answer.question, adapter)
    assert asked.adapter is not None
    members = members_of(context.ledger, context.ledger.candidate(adapter.candidate))
    written = _written(context, members)
    attributor = _attributor(context)
    changes = sorted(attributor.changes(asked.adapter), key=lambda change: -change.relative)
    found = attributor.influences(asked, answer.answer, list(written), progress) if answer.answer else []
    lines = [
        TrainingLine(
            prompt=example.prompt, completion=example.completion, strategies=tuple(by), cosine=influence.cosine,
            dot=influence.dot, states_answer=contains(example.text, answer.answer),
        )
        for (example, by), influence in zip(written.items(), found, strict=bool(answer.answer))
    ]  # fmt: skip
    modules = (ModuleChange(module=c.module, layer=c.layer, kind=c.kind, norm=c.norm, base=c.base, relative=c.relative)
               for c in changes)  # fmt: skip
    return Explanation(
        strategies=tuple(member.strategy for member in members), modules=tuple(modules),
        lines=tuple(sorted(lines, key=lambda line: -line.cosine)),
    )  # fmt: skip


def _written(context: Context, members: list[Candidate]) -> dict[Example, list[str]]:
    """What they were trained on, each line once, with the strategies that wrote it."""
    written: dict[Example, list[str]] = {}
    for candidate in members:
        for example in context.ledger.self_edit(candidate.self_edit).examples:
            by = written.setdefault(example, [])
            if candidate.strategy not in by:
                by.append(candidate.strategy)
    return written


def _attributor(context: Context) -> Attributor:
    try:
        return context.attributor
    except (ModelError, MissingPackage) as error:
        if not context.config.ask.endpoint:
            raise
        raise type(error)(
            f"the endpoint gave the answer, but to explain it the model must be loaded here: {error.cause}", error.mend
        ) from error
