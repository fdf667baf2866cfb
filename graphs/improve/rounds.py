"""Which documents a round practises on and is tested with."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from agent.records import Document, content_id


def is_heldout(document: str, share: float) -> bool:
    """By its id alone, so that a document stays on its side whatever else comes."""
    return int(content_id("held-out", document), 16) / 16**16 < share


def split_sides(documents: Sequence[Document], share: float) -> tuple[list[str], list[str]]:
    """The documents to practise on, and those that are held out."""
    sides: tuple[list[str], list[str]] = ([], [])
    for document in documents:
        sides[is_heldout(document.id, share)].append(document.id)
    return sides


def draw_round(run: str, number: int, pool: Sequence[str], count: int) -> list[str]:
    """The documents of a round: the pool in a random order, taken on where the last round ended, then anew.

    At most as many as there are: none comes twice in one round.
    """
    count = min(count, len(pool))
    taken = _endless(run, sorted(pool))
    for _ in range((number - 1) * count):
        next(taken)
    chosen: dict[str, None] = {}
    while len(chosen) < count:
        chosen[next(taken)] = None
    return list(chosen)


def _endless(run: str, pool: list[str]) -> Iterator[str]:
    turn = 0
    while True:
        yield from random.Random(content_id("order", run, turn)).sample(pool, len(pool))
        turn += 1
