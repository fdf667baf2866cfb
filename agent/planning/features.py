"""What a planner policy sees of a document: a few numbers that say how it is written, not what about."""

from __future__ import annotations

import math
import re

from agent.records import Document
from agent.text.language import is_english
from agent.text.normal import count_words, spaced_words
from agent.text.parsing import sentences, worth_asking

FEATURES = ("log words", "words a sentence", "facts a sentence", "share of numbers", "share of capitals", "English")


def features(document: Document) -> tuple[float, ...]:
    """[F] as `FEATURES` names them. Facts are those that self-edits ask for: none in other languages than English."""
    words = spaced_words(document.text)
    many, told = max(1, count_words(document.text)), max(1, len(sentences(document.text)))
    return (
        math.log(many),
        many / told,
        len(worth_asking(document.title, document.text)) / told,
        sum(bool(re.search(r"\d", word)) for word in words) / max(1, len(words)),
        sum(word[:1].isupper() for word in words) / max(1, len(words)),
        float(is_english(document.text)),
    )
