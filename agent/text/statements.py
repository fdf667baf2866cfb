"""A fact asked for in the words of the predicate that tells it: "The game was played in which place on 7 February?".

Phrases stand whole, as in the questions of probes, but in their places, with the question word where the answer was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from agent.text.predicates import Predicate, lowered, said, whole

if TYPE_CHECKING:
    from spacy.tokens import Span, Token

SPARED = {"prep", "npadvmod", "agent"}
"""Roles of phrases that a statement can do without."""
LONGEST = 18
"""Words of a statement from which on such phrases are left out, the last one first."""
CLOSE = (",", "'", "\u2019", "%")
"""What follows a word without a space."""


def statement(predicates: Iterable[Predicate], span: Span, wh: str) -> str:
    """What the sentence says of the span, with "{}" in its place: the predicate without pronouns, and of several the
    shortest. "" where none has it in a phrase or as its subject."""
    told = [one for one in (_told(predicate, span, wh) for predicate in predicates) if one]
    return min(told, default=(False, 0, ""))[-1]


def _told(p: Predicate, span: Span, wh: str) -> tuple[bool, int, str] | None:
    """Whether pronouns stand in it, its length and its words."""
    wanted = set(range(span.start, span.end))
    subject = _subject(p)
    holding = next((phrase for phrase in p.phrases if _holds(phrase.words, wanted)), None)
    if not p.told or (holding is None and (_is_apposition(p) or not _holds(subject, wanted))):
        return None
    if _is_apposition(p) and "subject of several" in p.doubts:
        return None  # more likely the next of a list: "a brother, Anna and Bea"
    if any(t.is_quote for t in (holding.words if holding else subject)):
        return None  # what is left of a quotation without its marks is none
    begin = _asked(subject, wanted, wh) if holding is None else p.subject
    kept = list(p.phrases)
    for phrase in reversed(p.phrases):
        long = len(p.subject.split()) + len(p.told.split()) + sum(len(one.words) for one in kept) > LONGEST
        if long and phrase is not holding and phrase.role in SPARED:
            kept.remove(phrase)
    rest = [_asked(phrase.words, wanted, wh) if phrase is holding else lowered(phrase.words) for phrase in kept]
    text = " ".join(" ".join([begin, p.told, *rest]).split())
    return any(t.tag_ == "PRP" for phrase in kept for t in phrase.words), len(text), text


def _is_apposition(p: Predicate) -> bool:
    """Its name is better asked for by what the sentence says it did."""
    return any(t.dep_ == "appos" for t in (p.named, *(phrase.head for phrase in p.phrases)) if t is not None)


def _subject(p: Predicate) -> Sequence[Token]:
    """The words that the subject is named by in this sentence: none where a clause that says more of it is in it."""
    behind = {t.i for phrase in p.phrases for t in phrase.words}
    words = [t for t in whole(p.named) if t.i not in behind] if p.named is not None else []
    return [] if any(t.dep_ in ("relcl", "acl") for t in words) else words


def _holds(words: Sequence[Token], wanted: set[int]) -> bool:
    return wanted <= {t.i for t in words}


def _asked(words: Sequence[Token], wanted: set[int], wh: str) -> str:
    """The phrase with the question word: "the" goes with "what", but not with "who", and "when" is asked plainly."""
    before, after = [t for t in words if t.i < min(wanted)], [t for t in words if t.i > max(wanted)]
    if wh not in ("what", "how") and before and before[-1].dep_ == "det":
        before.pop()
    if wh == "when":
        while before and before[-1].pos_ in ("ADJ", "DET"):
            before.pop()
        if before and before[-1].lower_ in ("in", "on", "at", "during"):
            before.pop()
    behind = said(after)
    return f"{lowered(before)} {{}}{'' if behind.startswith(CLOSE) else ' '}{behind}".strip()
