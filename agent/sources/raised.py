"""Raised and lowered characters in plain text: 10 and a raised 6 must not become 106."""

from __future__ import annotations

import re

_RAISED = dict(zip(
    "0123456789+-\u2212=()n",
    "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b\u207b\u207c\u207d\u207e\u207f",
    strict=True,
))  # fmt: skip
_SIGNS = str.maketrans(_RAISED)
_LETTERS = re.compile(r"\s*[^\W\d_]{2,}\.?\s*")


def has_signs(text: str) -> bool:
    """Whether each character but the space around them has a raised sign of its own."""
    return bool(text.strip()) and _RAISED.keys() >= set(text.strip())


def raised_signs(text: str) -> str:
    """The text with each character that has a raised sign as that sign."""
    return text.translate(_SIGNS)


def raised(text: str, before: str = "") -> str:
    """What to write for raised text that follows `before`: raised digits, "th" as it is, "^x" for what has no sign.

    A lowered text needs no sign: H2O says what it means.
    """
    if not text.strip() or _LETTERS.fullmatch(text) or (text.strip().isalpha() and not before[-1:].isalnum()):
        return text
    if has_signs(text):
        return raised_signs(text)
    return f"^{text.strip()}" if before[-1:].isalnum() or before[-1:] == ")" else text
