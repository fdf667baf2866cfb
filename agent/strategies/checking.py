"""The check between writing and training: what it refuses is kept with its reason.

Refused are empty and too short sequences, duplicates, sequences that repeat a probe's question
(contamination), and sequences that share almost nothing with their document (ungrounded).
"""

from __future__ import annotations

from collections.abc import Iterable

from agent.records import Document, Example, Probe, ProbeSet, Refusal
from agent.text.normal import wording, words

LONGEST_SHARED_RUN = 8
"""A sequence that shares this many words in a row with a probe's question repeats it."""
GROUNDED = 0.3
"""At least this share of a sequence's content words must stand in the document or its title."""
SHORT_WORDS = 4
"""Words up to this length are too common to ground anything."""

SHORTEST_PROBE = 3
"""A question of fewer words stands in too many texts to say that one repeats it."""


def check(document: Document, examples: Iterable[Example], probes: Iterable[Probe]) -> tuple[
    tuple[Example, ...], tuple[Refusal, ...]
]:  # fmt: skip
    """Split sequences into those that may be trained on and those that may not."""
    runs = {run: probe for probe in ProbeSet.of(probes).untrainable for run in _runs(words(probe.question))}
    known = set(words(document.title)) | set(words(document.text))
    passed: dict[str, Example] = {}
    refused: list[Refusal] = []
    for example in examples:
        reason = _reason(example, runs, known, passed)
        if reason:
            refused.append(Refusal(example=example, reason=reason))
        else:
            passed[wording(example.text)] = example
    return tuple(passed.values()), tuple(refused)


def _reason(example: Example, runs: dict[tuple[str, ...], Probe], known: set[str], passed: dict[str, Example]) -> str:
    completion = words(example.completion)
    if not completion:
        return "empty"
    if wording(example.text) in passed:
        return "duplicate"
    own = words(example.text)
    for run, probe in runs.items():
        if _contains(own, run):
            return f"repeats the probe {probe.question!r}"
    content = {w for w in completion if len(w) > SHORT_WORDS}
    if content and len(content & known) < GROUNDED * len(content):
        return f"ungrounded: {len(content & known)} of {len(content)} content words stand in the document"
    return ""


def repeats(text: list[str], question: str) -> bool:
    """Whether the words of a text hold so much of a question that training on it would teach the question."""
    return any(_contains(text, run) for run in _runs(words(question)))


def _runs(question: list[str]) -> list[tuple[str, ...]]:
    """The whole question where it is short, else every run of LONGEST_SHARED_RUN words in it."""
    size = min(len(question), LONGEST_SHARED_RUN)
    return [tuple(question[i : i + size]) for i in range(len(question) - size + 1)] if size >= SHORTEST_PROBE else []


def _contains(text: list[str], run: tuple[str, ...]) -> bool:
    size = len(run)
    return any(text[i] == run[0] and tuple(text[i : i + size]) == run for i in range(len(text) - size + 1))
