"""Thompson sampling over strategies (Thompson 1933; Chapelle & Li 2011, algorithm 2, Gaussian rewards).

Each strategy's mean reward has a normal posterior from the rewards that the ledger measured with this
base model. Each of the K plans takes the strategy with the best of one fresh draw a strategy: where it
is unsure it explores, where it knows it repeats what works, with another seed. Needs no model.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import NamedTuple

from agent.config.sections import TrainConfig
from agent.planning import usual_epochs
from agent.ports import Strategy
from agent.records import Document, Plan, Recalled, content_id

PRIOR_WEIGHT, NOISE = 4.0, 0.25
"""A strategy's prior counts as four measured rewards; `NOISE` is the spread of its rewards over documents."""
RECALL_WEIGHT = 0.5
"""A recalled winner counts as this share of a measured reward."""


class _Posterior(NamedTuple):
    """What is known of a strategy. `weight` is in rewards, with the prior and the recalled winners counted in."""

    mean: float
    weight: float
    measured: int
    recalled: int


class ThompsonPlanner:
    """`rewards` gives all measured rewards by strategy, at the time of planning."""

    name = "thompson"

    def __init__(
        self, strategies: Mapping[str, Strategy], train: TrainConfig, rewards: Callable[[], dict[str, list[float]]]
    ) -> None:
        self.strategies, self.train, self.rewards = strategies, train, rewards

    def plan(self, run: str, document: Document, recalled: Sequence[Recalled], k: int) -> list[Plan]:
        """`k` plans; no strategy makes more than half of them where there are several, and each with its own seed.

        The draws are seeded by the document and `[train] seed`: with the same rewards measured the plans are the same,
        also in another run.
        """
        draw = random.Random(content_id(self.train.seed, document.id))
        posteriors = self._posteriors(recalled)
        limit = max(ceil(k / 2), ceil(k / len(posteriors)))
        used: Counter[str] = Counter()
        plans: list[Plan] = []
        while len(plans) < k:
            samples = {
                name: draw.gauss(known.mean, NOISE / known.weight**0.5)
                for name, known in posteriors.items()
                if used[name] < limit
            }
            name = max(samples, key=lambda n: samples[n])
            known, epochs = posteriors[name], usual_epochs(self.strategies[name], self.train, document)
            settings = self.train.settings(epochs, seed=self.train.seed + used[name])
            found = f"rewards measured {known.measured}, winners recalled {known.recalled}"
            reason = f"drew {samples[name]:.2f} (mean {known.mean:.2f}, {found})"
            near = tuple(r.winner.candidate for r in recalled if r.winner.strategy == name)
            plans.append(Plan.make(run, document.id, name, settings, planner=self.name, reason=reason, recalled=near))
            used[name] += 1
        return plans

    def _posteriors(self, recalled: Sequence[Recalled]) -> dict[str, _Posterior]:
        measured = self.rewards()
        out: dict[str, _Posterior] = {}
        for name, strategy in self.strategies.items():
            seen = measured.get(name, [])
            near = [r.winner.reward for r in recalled if r.winner.strategy == name]
            weight = PRIOR_WEIGHT + len(seen) + RECALL_WEIGHT * len(near)
            total = PRIOR_WEIGHT * strategy.prior + sum(seen) + RECALL_WEIGHT * sum(near)
            out[name] = _Posterior(total / weight, weight, len(seen), len(near))
        return out
