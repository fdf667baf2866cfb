"""Probes: the questions that measure what was learned. Made before training, never trained on.

Most of the questions that measure knowledge are held out for the gate, four of the first five: it has to be sure, where
the reward only ranks candidates. Cloze probes, which prove nothing at the gate, go to both halves alike.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

from agent.records import Document, Half, Probe, ProbeKind
from agent.text.normal import wording
from agent.text.parsing import Fact, facts, worth_asking
from evals.probes.matching import contains
from evals.probes.turning import over_sentences, turn

CLOZE, DISTRACTORS = 8, 4
"""Most cloze probes, and wrong answers for each of them."""
TURNS: tuple[Half, ...] = ("heldout", "heldout", "reward", "heldout", "heldout", "reward", "heldout", "reward")
CLOZE_TURNS: tuple[Half, ...] = ("heldout", "reward")
"""Which half the probes go to, in turn: questions that measure knowledge, of all kinds together, and cloze probes."""


def make_probes(
    document: Document,
    parsed: bool = True,
    cloze: bool = True,
    written: Sequence[tuple[str, str]] = (),
    refused: Counter[str] | None = None,
) -> list[Probe]:
    """Every probe of a document, in a fixed order. The same document always gives the same probes. Parsed questions
    that are no probes are counted in `refused`, by their reason."""
    found = facts(document.text)
    given = {q.question: q.answer for q in document.questions}
    asked_for = {wording(text) for pair in given.items() for text in pair}
    new = {question: answer for question, answer in written if not {wording(question), wording(answer)} & asked_for}
    told = [*given.values(), *new.values()]
    turned, others = turn(document, told) if parsed else ([], Counter[str]())
    if refused is not None:
        refused.update(others)
    answers = {wording(answer) for answer in told}
    free = [fact for fact in worth_asking(document.title, document.text) if wording(fact.answer) not in answers]
    blanked = over_sentences(free)[:CLOZE] if cloze else []
    asked: list[tuple[ProbeKind, str, str, str]] = [
        *(("given", question, answer, "") for question, answer in given.items()),
        *(("written", question, answer, "") for question, answer in new.items()),
        *(("parsed", one.question, one.answer, one.core if one.core != one.answer else "") for one in turned),
    ]
    known = [*(fact.answer for fact in found), *told]
    knowledge = [
        Probe.make(document.id, kind, half, question, answer, core=core, alike=alike, rivals=len(alike))
        for half, (kind, question, answer, core) in zip(itertools.cycle(TURNS), asked, strict=False)
        for alike in (_alike(question, core or answer, known),)
    ]
    gaps = [
        Probe.make(document.id, "cloze", half, _blank(f), f.answer, distractors=_distractors(f, found), recall=True)
        for half, f in zip(itertools.cycle(CLOZE_TURNS), blanked, strict=False)
    ]
    return knowledge + gaps


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


def _alike(question: str, answer: str, known: Sequence[str]) -> tuple[str, ...]:
    """Of facts that hold each other the shorter one."""
    alike = [text for text in _others(question, answer, known) if shape(text) == shape(answer)]
    return tuple(text for text in alike if not any(other != text and contains(text, other) for other in alike))


def _distractors(fact: Fact, found: Sequence[Fact]) -> tuple[str, ...]:
    """Other facts of the same document, those of the answer's shape first: only knowledge tells them apart."""
    others = _others(_blank(fact), fact.answer, [f.answer for f in found])
    return tuple(sorted(others, key=lambda text: shape(text) != shape(fact.answer))[:DISTRACTORS])
