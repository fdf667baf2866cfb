"""Cuts a long document into parts at paragraph, then sentence, then word boundaries. Loses nothing."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agent.records import Document, Question
from agent.text.normal import UNSPACED, count_words, cut_at_stops, is_block, spaced_words


@dataclass(frozen=True)
class _Piece:
    """Text that stays together. `lead` is what stood between it and the piece before."""

    lead: str
    text: str
    words: int


def split(document: Document, max_words: int) -> Iterator[Document]:
    """The document itself where it is short enough, else its parts, numbered from 1, also in their titles.

    The title is the topic of every prompt and what a person sees of an adapter, so it says which part answers.
    Every part has at most `max_words` words (see `count_words`). A question goes with the part that
    holds its answer, or with the first.

    Raises:
        ValueError: `max_words` is below 1.
    """
    texts = split_text(document.text, max_words)
    if len(texts) <= 1:
        yield document
        return
    asked = _questions_by_part(document.questions, texts)
    for index, text in enumerate(texts):
        yield Document.make(
            f"{document.title} ({index + 1} of {len(texts)})", text, source=document.source,
            published=document.published, questions=tuple(asked[index]), part=index + 1, parts=len(texts),
        )  # fmt: skip


def split_text(text: str, max_words: int) -> list[str]:
    """Normalized text in parts of at most `max_words` words, about equally long. Raises ValueError where `max_words` is
    below 1."""
    if max_words < 1:
        raise ValueError(f"max_words must be at least 1, not {max_words}")
    if count_words(text) <= max_words:
        return [text]
    return _pack(list(_pieces(text, max_words)), max_words)


def _pack(pieces: Sequence[_Piece], max_words: int) -> list[str]:
    """Fills parts up to an even share of what is left, so that no tiny part remains at the end."""
    parts: list[str] = []
    current: list[_Piece] = []
    size, share, left = 0, 0.0, sum(piece.words for piece in pieces)
    for piece in pieces:
        if current and (size >= share or size + piece.words > max_words):
            parts.append(_join(current))
            current, size = [], 0
        if not current:
            share = left / math.ceil(left / max_words)
        current.append(piece)
        size += piece.words
        left -= piece.words
    return [*parts, _join(current)]


def _join(pieces: Sequence[_Piece]) -> str:
    return pieces[0].text + "".join(piece.lead + piece.text for piece in pieces[1:])


def _pieces(text: str, max_words: int) -> Iterator[_Piece]:
    for paragraph in text.split("\n\n"):
        words = count_words(paragraph)
        if words <= max_words:
            yield _Piece("\n\n", paragraph, words)
        else:
            pieces = paragraph.split("\n") if is_block(paragraph) else cut_at_stops(paragraph)
            yield from _led("\n\n", paragraph, pieces, max_words)


def _led(lead: str, whole: str, texts: Iterable[str], max_words: int) -> Iterator[_Piece]:
    """Pieces of `whole`, which `texts` are the sentences or tokens of, with the lead that each had."""
    position = 0
    for text in texts:
        start = whole.index(text, position)
        before = lead if position == 0 else whole[position:start]
        position = start + len(text)
        words = count_words(text)
        if words <= max_words:
            yield _Piece(before, text, words)
        elif " " in text:
            yield from _led(before, text, text.split(" "), max_words)
        else:
            yield from _chop(before, text, max_words)


def _chop(lead: str, token: str, max_words: int) -> Iterator[_Piece]:
    """A run of a script without spaces, cut after so many characters but not before a combining mark."""
    if not UNSPACED.search(token):
        yield _Piece(lead, token, 1)
        return
    step = max(1, 2 * max_words - 2)
    start = 0
    while start < len(token):
        end = start + step
        while start + (step + 1) // 2 < end < len(token) and unicodedata.category(token[end]).startswith("M"):
            end -= 1
        yield _Piece("" if start else lead, token[start:end], count_words(token[start:end]))
        start = end


def _questions_by_part(questions: Sequence[Question], texts: Sequence[str]) -> list[list[Question]]:
    asked: list[list[Question]] = [[] for _ in texts]
    if questions:
        folded = [_fold(text) for text in texts]
        words = [frozenset(spaced_words(text)) for text in folded]
        for question in questions:
            asked[_home(question, folded, words)].append(question)
    return asked


def _home(question: Question, folded: Sequence[str], words: Sequence[frozenset[str]]) -> int:
    """The part that holds the answer as a whole word, or at all; among several, the one most like the question."""
    answer, wanted = _fold(question.answer), spaced_words(_fold(question.question))
    whole = re.compile(rf"(?<!\w){re.escape(answer)}(?!\w)")

    def rank(index: int) -> tuple[bool, bool, int]:
        if answer not in folded[index]:
            return (False, False, 0)
        return (whole.search(folded[index]) is not None, True, len(words[index].intersection(wanted)))

    return max(range(len(folded)), key=rank)  # the first of equals


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
