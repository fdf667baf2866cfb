"""Raised and lowered characters in plain text: 10 and a raised 6 must not become 106."""

from __future__ import annotations

import re

_SIGNS = str.maketrans(
    "0123456789+-\u2212=()n",
    "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b\u207b\u207c\u207d\u207e\u207f",
)
_HAS_SIGNS = re.compile(r"\s*[0-9+\u2212=()n-]+\s*")
_LETTERS = re.compile(r"\s*[^\W\d_]{2,}\.?\s*")


def raised(text: str, before: str = "") -> str:
    """What to write for raised text that follows `before`: raised digits, "th" as it is, "^x" for what has no sign.

    A lowered text needs no sign: H2O says what it means.
    """
    if not text.strip() or _LETTERS.fullmatch(text) or (text.strip().isalpha() and not before[-1:].isalnum()):
        return text
    if _HAS_SIGNS.fullmatch(text):
        return text.translate(_SIGNS)
    return f"^{text.strip()}" if before[-1:].isalnum() or before[-1:] == ")" else text
