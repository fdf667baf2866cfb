"""How much of a reward is due to its seed: the noise of practice, and the number of seeds that it asks for."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt
from statistics import fmean, variance

from agent.records.rounds import Noise

ODDS = 4
"""The self-edit's own share of a mean reward's variance should be this many times that of its seeds."""
MOST = 4
"""Seeds that a self-edit is trained with, however loud the noise."""


def noise(rewards: Sequence[Sequence[Sequence[float]]]) -> Noise | None:
    """From the rewards of documents, of their self-edits, of the seeds of each (one-way analysis of variance with
    random effects, method of moments). None where no self-edit was trained twice, or no document has two of them."""
    twice = [seeds for document in rewards for seeds in document if len(seeds) > 1]
    several = [document for document in rewards if len(document) > 1]
    if not twice or not several:
        return None
    freedom = sum(len(seeds) - 1 for seeds in twice)
    within = sum(variance(seeds) * (len(seeds) - 1) for seeds in twice) / freedom
    spread = sum(variance([fmean(seeds) for seeds in document]) * (len(document) - 1) for document in several)
    share = fmean(1 / len(seeds) for document in several for seeds in document)
    between = spread / sum(len(document) - 1 for document in several) - within * share
    return Noise(seed=sqrt(within), own=sqrt(max(0.0, between)), freedom=freedom)


def seeds_needed(found: Noise) -> int:
    """Seeds after which a mean reward is ODDS to 1 the self-edit's own (Spearman-Brown), at most MOST."""
    if not found.seed:
        return 1
    return min(MOST, max(1, ceil(ODDS * (found.seed / found.own) ** 2))) if found.own else MOST
