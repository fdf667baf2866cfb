"""Noise of rewards: found again in figures that were drawn with it, and the number of seeds that it asks for."""

from __future__ import annotations

import random

import pytest

from agent.records.rounds import Noise
from evals.statistics.noise import MOST, noise, seeds_needed


def drawn(seed: float, own: float, seeds: int, documents: int = 400) -> list[list[list[float]]]:
    draw = random.Random(0)
    found = []
    for _ in range(documents):
        level = draw.gauss(0, 5)
        worth = [level + draw.gauss(0, own) for _ in range(4)]
        found.append([[it + draw.gauss(0, seed) for _ in range(seeds)] for it in worth])
    return found


@pytest.mark.parametrize(("seed", "own"), [(0.08, 0.22), (0.2, 0.1), (0.1, 0.0)])
def test_both_parts_are_found_again(seed: float, own: float) -> None:
    """Whatever documents differ by; also where most self-edits were trained once."""
    twice, once = drawn(seed, own, 2), drawn(seed, own, 1)
    for rewards in (twice, [*twice[:100], *once]):
        found = noise(rewards)
        assert found is not None
        assert found.seed == pytest.approx(seed, rel=0.1)
        assert found.own == pytest.approx(own, rel=0.15, abs=0.03)

    assert getattr(noise(drawn(seed, own, 3, 10)), "freedom", 0) == 80


@pytest.mark.parametrize("rewards", [[], drawn(0.1, 0.1, 1, 8), [[[0.1, 0.2]], [[0.3, 0.1]]]])
def test_without_two_seeds_or_two_self_edits_nothing_is_known(rewards: list[list[list[float]]]) -> None:
    assert noise(rewards) is None


@pytest.mark.parametrize(
    ("seed", "own", "needed"),
    [(0.0, 0.0, 1), (0.08, 0.22, 1), (0.1, 0.15, 2), (0.1, 0.1, 4), (0.1, 0.01, MOST), (0.1, 0.0, MOST)],
)
def test_the_louder_the_more_seeds(seed: float, own: float, needed: int) -> None:
    assert seeds_needed(Noise(seed=seed, own=own, freedom=8)) == needed
