"""Probes: the questions that measure what was learned. Made before training, never trained on.

Most of the questions that measure knowledge are held out for the gate, four of the first five: it has to be sure, where
the reward only ranks candidates. Cloze probes, which prove nothing at the gate, go to both halves alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from agent.records import Document, Half, Probe, ProbeKind
from agent.strategies.checking import repeats
from agent.text.normal import wording, words
from agent.text.parsing import Fact, facts, worth_asking
from agent.text.questions import Asked, questions

T = TypeVar("T", Fact, "Turned")

PARSED, ENOUGH, CLOZE, DISTRACTORS = 16, 8, 8, 4
"""Most parsed probes, as many as the gate needs to be sure, most cloze probes, and wrong answers for each of them."""
TURNS: tuple[Half, ...] = ("heldout", "heldout", "reward", "heldout", "heldout", "reward", "heldout", "reward")
CLOZE_TURNS: tuple[Half, ...] = ("heldout", "reward")
"""Which half the probes go to, in turn: questions that measure knowledge, of all kinds together, and cloze probes."""


def make_probes(
    document: Document, parsed: bool = True, cloze: bool = True, written: Sequence[tuple[str, str]] = ()
) -> list[Probe]:
    """Every probe of a document, in a fixed order. The same document always gives the same probes."""
    found = facts(document.text)
    given = {q.question: q.answer for q in document.questions}
    asked_for = {wording(text) for pair in given.items() for text in pair}
    new = {question: answer for question, answer in written if not {wording(question), wording(answer)} & asked_for}
    answers = {wording(answer) for answer in [*given.values(), *new.values()]}
    turned = turn(document, answers) if parsed else []
    free = [fact for fact in worth_asking(document.title, document.text) if wording(fact.answer) not in answers]
    blanked = _over_sentences(free)[:CLOZE] if cloze else []
    asked: list[tuple[ProbeKind, str, str, str]] = [
        *(("given", question, answer, "") for question, answer in given.items()),
        *(("written", question, answer, "") for question, answer in new.items()),
        *(("parsed", one.question, one.answer, one.core) for one in turned),
    ]
    known = [*(fact.answer for fact in found), *given.values(), *new.values()]
    knowledge = [
        Probe.make(document.id, kind, half, question, answer, core=core, rivals=_rivals(question, answer, known))
        for half, (kind, question, answer, core) in zip(itertools.cycle(TURNS), asked, strict=False)
    ]
    gaps = [
        Probe.make(document.id, "cloze", half, _blank(f), f.answer, distractors=_distractors(f, found), recall=True)
        for half, f in zip(itertools.cycle(CLOZE_TURNS), blanked, strict=False)
    ]
    return knowledge + gaps


@dataclass(frozen=True)
class Turned:
    """A sentence turned into a question, and why that may be a bad one. `core` is what of the answer must be said, ""
    where all of it must."""

    sentence: str
    question: str
    answer: str
    core: str
    doubts: tuple[str, ...]


def turn(document: Document, answers: Collection[str] = ()) -> list[Turned]:
    """The questions that the parse makes of a document, for other answers than those given (as `wording` has them).

    Those without doubts come first, and of them up to `PARSED`, from as many sentences as there are; those with doubts
    only up to `ENOUGH`, the fewest doubts first. An answer is asked for once: the gate takes each right answer as one
    piece of evidence. A question that a training text could not but repeat is none.
    """
    text = words(document.text)
    unlike = (_unlike(asked, text) for asked in questions(document.title, document.text))
    surest_first = sorted((one for one in unlike if one is not None), key=lambda one: len(one.doubts))
    once: dict[str, Turned] = {}
    for one in surest_first:
        if wording(one.answer) not in answers:
            once.setdefault(wording(one.answer), one)
    by_doubts = [list(group) for _, group in itertools.groupby(once.values(), key=lambda one: len(one.doubts))]
    sure = next((group for group in by_doubts if not group[0].doubts), [])
    doubtful = [one for group in by_doubts if group is not sure for one in _over_sentences(group)]
    return [*_over_sentences(sure)[:PARSED], *doubtful[: max(0, ENOUGH - len(sure))]]


def _unlike(asked: Asked, text: list[str]) -> Turned | None:
    """The fullest wording that does not stand in the text: the check would keep that sentence out of training."""
    form = next((form for form in asked.forms if not repeats(text, form)), None)
    if form is None:
        return None
    doubts = asked.doubts if form == asked.forms[0] else (*asked.doubts, "left out")
    core = asked.core if asked.core != asked.answer else ""
    return Turned(asked.sentence, form, asked.answer, core, doubts)


def _over_sentences(found: Sequence[T]) -> list[T]:
    """In turn one of each sentence."""
    by_sentence: dict[str, list[T]] = {}
    for one in found:
        by_sentence.setdefault(one.sentence, []).append(one)
    rounds = itertools.zip_longest(*by_sentence.values())
    return [one for turn in rounds for one in turn if one is not None]


def _blank(fact: Fact) -> str:
    return f"{fact.sentence[: fact.start]}____{fact.sentence[fact.end :]}"


def shape(text: str) -> str:
    """Numbers, names and words answer different questions."""
    if any(c.isdigit() for c in text):
        return "number"
    return "name" if text[:1].isupper() else "word"


def _others(question: str, answer: str, known: Sequence[str]) -> list[str]:
    """Facts that are not the answer, nor part of it, nor given away by the question."""
    low, given_away = answer.casefold(), question.casefold()
    rest = {text.casefold(): text for text in known if text.casefold() not in low and low not in text.casefold()}
    return [text for folded, text in rest.items() if folded not in given_away]


def _rivals(question: str, answer: str, known: Sequence[str]) -> tuple[str, ...]:
    return tuple(text for text in _others(question, answer, known) if shape(text) == shape(answer))


def _distractors(fact: Fact, found: Sequence[Fact]) -> tuple[str, ...]:
    """Other facts of the same document, those of the answer's shape first: only knowledge tells them apart."""
    others = _others(_blank(fact), fact.answer, [f.answer for f in found])
    return tuple(sorted(others, key=lambda text: shape(text) != shape(fact.answer))[:DISTRACTORS])
