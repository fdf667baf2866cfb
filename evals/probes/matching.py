"""Comparing answers after the usual normalization (SQuAD: Rajpurkar et al. 2016, arXiv 1606.05250, sec. 6)."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from agent.text.scripts import UNSPACED_RANGES

METHOD = "contains"
ARTICLES = ("a", "an", "the")


def normalize(text: str) -> str:
    """Lower case, no punctuation, no English articles, single spaces. Idempotent."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"(?<=\d)[,\u00a0](?=\d{3}\b)", "", text)  # 6,200 and 6200 are one number
    text = re.sub(rf"[^\w\s{UNSPACED_RANGES}]|_", " ", text)  # Thai vowels are no \w
    return " ".join(word for word in text.split() if word not in ARTICLES)


def tokens(text: str) -> list[str]:
    """The normalized text's words; in scripts that put no spaces between words, its characters."""
    return re.findall(rf"[{UNSPACED_RANGES}]|[^\s{UNSPACED_RANGES}]+", normalize(text))


def contains(answer: str, reference: str) -> bool:
    """The reference stands in the answer as whole words, or in a script without spaces as a part of it."""
    wanted, got = " ".join(tokens(reference)), " ".join(tokens(answer))
    return bool(wanted) and f" {wanted} " in f" {got} "


def f1(answer: str, reference: str) -> float:
    """Token F1 in [0, 1]."""
    got, want = tokens(answer), tokens(reference)
    shared = sum((Counter(got) & Counter(want)).values())
    return 2 * shared / (len(got) + len(want)) if shared else 0.0
