"""Boilerplate that no wording tells: paragraphs, and sentences at the end, that stand in most entries of a feed.

That they repeat is not enough: entries may all say one thing. What stands beside them must differ from entry to entry,
and nearly no entry may consist of nothing else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from agent.text.normal import count_words, cut_at_stops, ends_with_stop, is_block

_LEAST_ENTRIES = 3
_FEW_ENTRIES = 8  # in so few, chance repeats much: there the story must be longer than the boilerplate
_EMPTIED = 0.1  # of the entries with a piece: where more hold nothing but such pieces, these are the story
_LABEL_WORDS = 4  # a line of so few words without a stop may be a heading, which only ends of a text lose


@dataclass(frozen=True)
class Told:
    """The text of one entry. `key` is the same for versions of one entry."""

    key: Hashable
    text: str


def without_repeated(entries: Sequence[Told]) -> list[str]:
    """The texts in order, "" where nothing else stood in one."""
    if len({entry.key for entry in entries}) < _LEAST_ENTRIES:
        return [entry.text for entry in entries]
    keys = [entry.key for entry in entries]
    paragraphs = [entry.text.split("\n\n") for entry in entries]
    common = _common(keys, paragraphs)
    left = [_drop(pieces, common) for pieces in paragraphs] if common else paragraphs
    return ["\n\n".join(pieces) for pieces in _without_last_sentences(keys, left)]


def _common(keys: Sequence[Hashable], texts: Sequence[Sequence[str]]) -> set[str]:
    """The pieces that stand in most entries beside words that differ, but those that are the whole story of some."""
    beside: defaultdict[str, dict[Hashable, int]] = defaultdict(dict)
    for key, pieces in zip(keys, texts, strict=True):
        hashes = {piece: hash(piece) for piece in pieces}
        whole = sum(hashes.values())
        for piece, own in hashes.items():
            if len(hashes) > 1:
                beside[piece][key] = whole - own
    most = max(_LEAST_ENTRIES, len(set(keys)) // 2 + 1)
    common = {piece for piece, rests in beside.items() if len(rests) >= most and len(set(rests.values())) >= most}
    return common - _stories(texts, common) if common else common


def _stories(texts: Sequence[Sequence[str]], common: set[str]) -> set[str]:
    """Those of the pieces that are too often all that an entry says, or in few entries more than half of it."""
    holders = Counter(piece for pieces in texts for piece in common.intersection(pieces))
    emptied = Counter(
        piece for pieces in texts if _is_all(pieces, common, len(texts)) for piece in common.intersection(pieces)
    )
    return {piece for piece, count in emptied.items() if count > _EMPTIED * holders[piece]}


def _is_all(pieces: Sequence[str], common: set[str], entries: int) -> bool:
    own = [piece for piece in pieces if piece not in common]
    if not own or entries >= _FEW_ENTRIES:
        return not own
    return sum(map(count_words, own)) * 2 < sum(map(count_words, pieces))


def _drop(pieces: Sequence[str], common: set[str]) -> list[str]:
    """Without the common pieces; headings among them stay, unless nothing of the story stands before or after them."""
    first = next((n for n, piece in enumerate(pieces) if piece not in common), len(pieces))
    last = next((n for n in reversed(range(len(pieces))) if pieces[n] not in common), -1)
    return [piece for n, piece in enumerate(pieces) if piece not in common or (first < n < last and _is_heading(piece))]


def _is_heading(piece: str) -> bool:
    return count_words(piece) <= _LABEL_WORDS and not ends_with_stop(piece)


def _without_last_sentences(keys: Sequence[Hashable], texts: Sequence[Sequence[str]]) -> list[list[str]]:
    """The same for the sentences that the last paragraphs end with."""
    cut = [[*texts[n][:-1], *_sentences(texts[n])] for n in range(len(texts))]
    common = _common(keys, cut)
    return [_drop_end(pieces, common) for pieces in texts] if common else [*map(list, texts)]


def _sentences(pieces: Sequence[str]) -> list[str]:
    """Of the last paragraph; a block is none."""
    if not pieces or is_block(pieces[-1]):
        return list(pieces[-1:])
    return list(cut_at_stops(pieces[-1]))


def _drop_end(pieces: Sequence[str], common: set[str]) -> list[str]:
    sentences = _sentences(pieces)
    kept = len(sentences)
    while kept and sentences[kept - 1] in common:
        kept -= 1
    if kept == len(sentences):
        return list(pieces)
    last = pieces[-1]
    for sentence in reversed(sentences[kept:]):
        last = last.removesuffix(sentence).rstrip()
    return [*pieces[:-1], *filter(None, [last])]
