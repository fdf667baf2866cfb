"""What a self-edit's reward loses by its form alone. The usual strategies pay next to nothing."""

from __future__ import annotations

from math import log2

from agent.records import Document, SelfEdit
from agent.text.normal import words

LONG = 16
"""Words of a self-edit for each word of its document, up to which length costs nothing. Of the strategies that ask no
model the longest write 7 to 10 in the median."""


def length(document: Document, edit: SelfEdit) -> float:
    """How often the self-edit would have to be halved to be LONG times as long as its document; 0 where it is not."""
    own = sum(len(words(example.text)) for example in edit.examples)
    return max(0.0, log2(max(1, own) / (LONG * max(1, len(words(document.text))))))


def repetition(edit: SelfEdit) -> float:
    """The share, in [0, 1], of the sequences as they were written that ask what an earlier one asked; where they ask
    nothing, that say what an earlier one said."""
    written = [*edit.examples, *(refusal.example for refusal in edit.refused)]
    said = [" ".join(words(example.prompt) or words(example.text)) for example in written]
    return 1 - len(set(said)) / len(said) if said else 0.0
