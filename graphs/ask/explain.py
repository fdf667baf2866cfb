"""Explain: which adapter gave an answer, what it changed in the base, and which training lines moved the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.errors import MissingPackage, ModelError
from agent.ports import Progress
from agent.ports.attribution import Attributor, Change, Influence
from agent.records import Adapter, Example
from evals.probes.matching import contains
from graphs.ask.graph import query_of
from graphs.library.champion import members
from graphs.runtime import Runtime


@dataclass(frozen=True)
class Line:
    """A training sequence with its influence on the answer. `strategies` names the self-edits that hold it, once each,
    `states_answer` says whether the answer stands in its text."""

    example: Example
    strategies: tuple[str, ...]
    influence: Influence
    states_answer: bool


@dataclass(frozen=True)
class Explanation:
    """`changes` and `lines` have what moved most first. An empty answer was moved by no line."""

    adapter: Adapter
    changes: list[Change]
    lines: list[Line]


def explain(runtime: Runtime, state: Mapping[str, Any], progress: Progress | None = None) -> Explanation:
    """Of an answer that the answer graph gave through an adapter: `state` is what it ended with.

    Raises:
        AdapterError: the adapter cannot be read.
        ModelError: a server gave the answer, and the model cannot be loaded here.
        TrainerError: not enough memory.
    """
    adapter = runtime.ledger.adapter(state["adapter"])
    asked = query_of(state["question"], adapter, runtime.config.adapters_dir)
    assert asked.adapter is not None, "an adapter answered"
    written = _written(runtime, adapter)
    attributor = _attributor(runtime)
    changes = sorted(attributor.changes(asked.adapter), key=lambda change: -change.relative)
    answer = str(state["answer"])
    found = attributor.influences(asked, answer, list(written), progress) if answer else []
    lines = [
        Line(example, tuple(by), influence, contains(example.text, answer))
        for (example, by), influence in zip(written.items(), found, strict=bool(answer))
    ]
    return Explanation(adapter, changes, sorted(lines, key=lambda line: -line.influence.cosine))


def _written(runtime: Runtime, adapter: Adapter) -> dict[Example, list[str]]:
    """What the adapter was trained on, or those that it is the mean of, each line once, with who wrote it."""
    written: dict[Example, list[str]] = {}
    for candidate in members(runtime.ledger, runtime.ledger.candidate(adapter.candidate)):
        for example in runtime.ledger.self_edit(candidate.self_edit).examples:
            by = written.setdefault(example, [])
            if candidate.strategy not in by:
                by.append(candidate.strategy)
    return written


def _attributor(runtime: Runtime) -> Attributor:
    try:
        return runtime.attributor
    except (ModelError, MissingPackage) as error:
        if not runtime.config.ask.endpoint:
            raise
        raise type(error)(
            f"the endpoint gave the answer, but to explain it the model must be loaded here: {error.cause}", error.mend
        ) from error
