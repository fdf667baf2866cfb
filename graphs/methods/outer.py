"""The outer loop as the ledger tells: its documents, who practises on what, and what was measured of which policy."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from math import log2

from agent.records import Document, Plan, content_id
from agent.records.rounds import Action, Kind

IMPROVE, PRACTICE, HELDOUT = "improve", "practice", "held-out"
"""Kinds of runs: the outer loop, and two runs for each of its rounds."""


def practice_run(run: str, number: int) -> str:
    return f"{run}.{number}.practice"


def heldout_run(run: str, number: int) -> str:
    return f"{run}.{number}.held-out"


def practice_of(heldout: str) -> str:
    """The practice run whose policies a held-out run compares."""
    return heldout.removesuffix("held-out") + "practice"


def improve_of(child: str) -> str:
    """The run of the outer loop that a practice or a held-out run belongs to."""
    return child.rsplit(".", 2)[0]


def number_of(child: str) -> int:
    """The round that a practice or a held-out run belongs to."""
    return int(child.rsplit(".", 2)[1])


def kind_of(learns: Sequence[Kind], child: str) -> Kind:
    """What the round trains that a practice or a held-out run belongs to: rounds take turns."""
    return learns[(number_of(child) - 1) % len(learns)]


def is_heldout(document: str, share: float) -> bool:
    """By its id alone, so that a document stays on its side whatever else comes."""
    return int(content_id("held-out", document), 16) / 16**16 < share


def drawn(run: str, number: int, pool: Sequence[str], count: int) -> list[str]:
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


def action_of(plan: Plan, usual_rate: float) -> Action:
    return Action(strategy=plan.strategy, rate=2 ** round(log2(plan.settings.learning_rate / usual_rate), 6))


def pool(documents: Sequence[Document], share: float) -> tuple[list[str], list[str]]:
    """The documents to practise on, and those that are held out."""
    sides: tuple[list[str], list[str]] = ([], [])
    for document in documents:
        sides[is_heldout(document.id, share)].append(document.id)
    return sides
