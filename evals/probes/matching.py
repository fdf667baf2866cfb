"""Comparing answers by the words that count of them (see `answer_words`)."""

from __future__ import annotations

from collections import Counter

from agent.text.normal import answer_words

METHOD = "contains"


def contains(answer: str, reference: str) -> bool:
    """The reference stands in the answer as whole words, or in a script without spaces as a part of it."""
    wanted, got = " ".join(answer_words(reference)), " ".join(answer_words(answer))
    return bool(wanted) and f" {wanted} " in f" {got} "


def f1(answer: str, reference: str) -> float:
    """Token F1 in [0, 1]."""
    got, want = answer_words(answer), answer_words(reference)
    shared = sum((Counter(got) & Counter(want)).values())
    return 2 * shared / (len(got) + len(want)) if shared else 0.0
