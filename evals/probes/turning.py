"""Probes out of the parse: which of the questions that can be made of a text are asked."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from agent.records import Document
from agent.strategies.checking import repeats
from agent.text.normal import wording, words
from agent.text.parsing import Fact
from agent.text.questions import Asked, questions
from evals.probes.matching import contains

T = TypeVar("T", Fact, "Turned")

PARSED, ENOUGH = 16, 8
"""Most parsed probes, and as many as the gate needs to be sure."""


@dataclass(frozen=True)
class Turned:
    """A sentence turned into a question, and why that may be a bad one. `core` is what of the answer must be said,
    which may be all of it."""

    sentence: str
    question: str
    answer: str
    core: str
    doubts: tuple[str, ...]


def turn(document: Document, answers: Collection[str] = ()) -> tuple[list[Turned], Counter[str]]:
    """The questions that the parse makes of a document, for other answers than those given and what they hold, and how
    many were refused, by the reason.

    Those without doubts come first, and of them up to `PARSED`, from as many sentences as there are; those with doubts
    only up to `ENOUGH`, the fewest doubts first. An answer is asked for once: the gate takes each right answer as one
    piece of evidence. A question that a training text could not but repeat is none.
    """
    text, asked = words(document.text), questions(document.title, document.text)
    unlike = [one for one in (_unlike(one, text) for one in asked) if one is not None]
    once: dict[str, Turned] = {}
    for one in sorted(unlike, key=lambda one: len(one.doubts)):
        if not any(contains(answer, one.core) or contains(one.core, answer) for answer in answers):
            once.setdefault(wording(one.core), one)
    by_doubts = [list(group) for _, group in itertools.groupby(once.values(), key=lambda one: len(one.doubts))]
    sure = next((group for group in by_doubts if not group[0].doubts), [])
    doubtful = [one for group in by_doubts if group is not sure for one in over_sentences(group)]
    kept = [*over_sentences(sure)[:PARSED], *doubtful[: max(0, ENOUGH - len(sure))]]
    refused = {
        "worded as the text": len(asked) - len(unlike),
        "answer asked for already": len(unlike) - len(once),
        "others are surer": len(once) - len(kept),
    }
    return kept, Counter({reason: count for reason, count in refused.items() if count})


def _unlike(asked: Asked, text: list[str]) -> Turned | None:
    """The fullest wording that does not stand in the text: the check would keep that sentence out of training."""
    form = next((form for form in asked.forms if not repeats(text, form)), None)
    if form is None:
        return None
    doubts = asked.doubts if form == asked.forms[0] else (*asked.doubts, "left out")
    return Turned(asked.sentence, form, asked.answer, asked.core, doubts)


def over_sentences(found: Sequence[T]) -> list[T]:
    """In turn one of each sentence."""
    by_sentence: dict[str, list[T]] = {}
    for one in found:
        by_sentence.setdefault(one.sentence, []).append(one)
    rounds = itertools.zip_longest(*by_sentence.values())
    return [one for turn in rounds for one in turn if one is not None]
