"""Comparing answers after the usual normalization (SQuAD: Rajpurkar et al. 2016, arXiv 1606.05250, sec. 6)."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

METHOD = "contains"


def normalize(text: str) -> str:
    """Lower case, no punctuation, no English articles, single spaces. Idempotent."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"(?<=\d)[,\u00a0](?=\d{3}\b)", "", text)  # 6,200 and 6200 are one number
    text = re.sub(r"[^\w\s]|_", " ", text)
    return " ".join(word for word in text.split() if word not in ("a", "an", "the"))


def exact(answer: str, reference: str) -> bool:
    return bool(normalize(reference)) and normalize(answer) == normalize(reference)


def contains(answer: str, reference: str) -> bool:
    """The reference stands in the answer as whole words."""
    wanted = normalize(reference)
    return bool(wanted) and f" {wanted} " in f" {normalize(answer)} "


def f1(answer: str, reference: str) -> float:
    """Token F1 in [0, 1]."""
    got, want = normalize(answer).split(), normalize(reference).split()
    shared = sum((Counter(got) & Counter(want)).values())
    return 2 * shared / (len(got) + len(want)) if shared else 0.0
