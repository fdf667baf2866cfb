"""Which language a text is in: py3langid, whose model for 139 languages comes in its package."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier  # type: ignore[import-untyped]

ENGLISH, UNKNOWN = "en", "und"
"""Codes as ISO 639 has them."""
SURE = 0.5
"""Probability below which a language counts as guessed. Such texts are short, or full of names."""


@lru_cache(maxsize=256)
def language(text: str) -> str:
    """The code of a text's language (ISO 639-1, or 639-3 where that has none). The same text gives the same code.

    Where it can only be guessed, text in Latin letters counts as English, and other text as unknown.
    """
    code, probability = _identifier().classify(text)
    if probability >= SURE:
        return str(code)
    return ENGLISH if _is_latin(text) else UNKNOWN


def is_english(text: str) -> bool:
    return language(text) == ENGLISH


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    """The detector, loaded once (half a second, when a document is first looked at)."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _is_latin(text: str) -> bool:
    """Whether no more than half of the letters are of another script."""
    letters = [c for c in text if c.isalpha()]
    return sum(c < "\u0250" for c in letters) >= len(letters) / 2
