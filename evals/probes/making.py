"""Probes: the questions that measure what was learned. Made before training, never trained on.

Questions that came with the document or that a model wrote give the reward in one half and are held out for the
gate in the other, and so do cloze probes. Of questions turned out of the parse, the gate gets two of three: it has
to be sure, where the reward only ranks candidates.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from agent.records import Document, Half, Probe, ProbeKind
from agent.text.normal import ARTICLES, spaced_words, wording, words
from agent.text.parsing import Fact, facts, worth_asking

PARSED, CLOZE, DISTRACTORS = 16, 8, 4
LONGEST_SHARED = 6
"""A parsed question with this many words in a row from the document is none."""
TURNS: dict[ProbeKind, tuple[Half, ...]] = {
    "given": ("reward", "heldout"), "written": ("reward", "heldout"), "cloze": ("heldout", "reward"),
    "parsed": ("heldout", "reward", "heldout"),
}  # fmt: skip
"""Which half the probes of a kind go to, in turn."""
SHORTEST_QUESTION = 4
"""A parsed question of fewer words does not say what it is about."""


def make_probes(
    document: Document, parsed: bool = True, cloze: bool = True, written: Sequence[tuple[str, str]] = ()
) -> list[Probe]:
    """Every probe of a document, in a fixed order. The same document always gives the same probes."""
    found = facts(document.text)
    given = {q.question: q.answer for q in document.questions}
    asked_for = {wording(text) for pair in given.items() for text in pair}
    new = {question: answer for question, answer in written if not {wording(question), wording(answer)} & asked_for}
    answers = {wording(answer) for answer in [*given.values(), *new.values()]}
    free = [fact for fact in worth_asking(document.title, document.text) if wording(fact.answer) not in answers]
    reworded = [fact for fact in free if _reworded(fact) and not _stands_in(fact.fronted, document.text)]
    turned = _spread(reworded, PARSED) if parsed else []
    blanked = _spread(free, CLOZE) if cloze else []
    asked: dict[ProbeKind, dict[str, str]] = {
        "given": given,
        "written": new,
        "parsed": {fact.fronted: fact.answer for fact in turned},
    }
    known = [f.answer for f in found] + [answer for pairs in asked.values() for answer in pairs.values()]
    knowledge = [
        Probe.make(document.id, kind, half, question, answer, rivals=_rivals(question, answer, known))
        for kind, pairs in asked.items()
        for half, (question, answer) in zip(itertools.cycle(TURNS[kind]), pairs.items(), strict=False)
    ]
    gaps = [
        Probe.make(document.id, "cloze", half, _blank(f), f.answer, distractors=_distractors(f, found), recall=True)
        for half, f in zip(itertools.cycle(TURNS["cloze"]), blanked, strict=False)
    ]
    return knowledge + gaps


def _spread(found: Sequence[Fact], count: int) -> list[Fact]:
    """Up to `count` facts from as many sentences as there are; names, amounts and dates before things.

    An answer is asked for once: the gate takes each right answer as one piece of evidence.
    """
    clear = [f for f in found if len(spaced_words(f.fronted)) >= SHORTEST_QUESTION]
    clear.sort(key=lambda f: f.kind in ("NOUN", "ADJ"))
    once: dict[str, Fact] = {}
    for fact in clear:
        once.setdefault(fact.answer.casefold(), fact)
    by_sentence: dict[str, list[Fact]] = {}
    for fact in once.values():
        by_sentence.setdefault(fact.sentence, []).append(fact)
    rounds = itertools.zip_longest(*by_sentence.values())
    return [fact for turn in rounds for fact in turn if fact is not None][:count]


def _reworded(fact: Fact) -> bool:
    """Whether it is asked unlike a self-edit asks, in the clause. Where the answer is the subject, it is not."""
    fronted, clause = ([w for w in words(q) if w not in ARTICLES] for q in (fact.fronted, fact.clause_question))
    return fronted != clause


def _stands_in(question: str, text: str) -> bool:
    """Whether a run of the question's words stands in the text: it would then measure recall of wording.

    The check would also have to keep that sentence of the document itself out of training.
    """
    asked, said = words(question), f" {wording(text)} "
    runs = (asked[i : i + LONGEST_SHARED] for i in range(len(asked) - LONGEST_SHARED + 1))
    return any(f" {' '.join(run)} " in said for run in runs)


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


def _rivals(question: str, answer: str, known: Sequence[str]) -> int:
    return sum(shape(text) == shape(answer) for text in _others(question, answer, known))


def _distractors(fact: Fact, found: Sequence[Fact]) -> tuple[str, ...]:
    """Other facts of the same document, those of the answer's shape first: only knowledge tells them apart."""
    others = _others(_blank(fact), fact.answer, [f.answer for f in found])
    return tuple(sorted(others, key=lambda text: shape(text) != shape(fact.answer))[:DISTRACTORS])
