"""Thompson sampling over strategies (Thompson 1933; Chapelle & Li 2011, algorithm 2, Gaussian rewards).

Each strategy's mean reward has a normal posterior from the rewards that the ledger measured with this
base model; one draw from each posterior ranks the strategies, and the K best drawn become plans. Where
it is unsure it explores, where it knows it repeats what works. Needs no model.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import count

from agent.ports import Strategy
from agent.records import Document, Plan, Recalled, TrainSettings, content_id

PRIOR_MEAN, PRIOR_WEIGHT, NOISE = 0.3, 1.0, 0.25
"""The prior counts as one measured reward of 0.3; `NOISE` is the spread of a strategy's rewards over documents."""
RECALL_WEIGHT = 0.5
"""A recalled winner counts as this share of a measured reward."""


class ThompsonPlanner:
    """`rewards` gives all measured rewards by strategy, at the time of planning."""

    name = "thompson"

    def __init__(
        self, strategies: Mapping[str, Strategy], defaults: TrainSettings, rewards: Callable[[], dict[str, list[float]]]
    ) -> None:
        self.strategies, self.defaults, self.rewards = strategies, defaults, rewards

    def plan(self, run: str, document: Document, recalled: Sequence[Recalled], k: int) -> list[Plan]:
        """The K strategies with the best draws. Past their number, the best again with another seed.

        The draw is seeded by the run and the document, so the same step run twice plans the same.
        """
        draw = random.Random(content_id(run, document.id))
        drawn = {name: self._draw(name, recalled, draw) for name in self.strategies}
        ranked = sorted(drawn, key=lambda name: -drawn[name][0])
        plans: list[Plan] = []
        for turn in count():
            for name in ranked[: k - len(plans)]:
                sample, mean, seen = drawn[name]
                plans.append(
                    Plan.make(
                        run,
                        document.id,
                        name,
                        self._settings(name, turn),
                        planner=self.name,
                        reason=f"drew {sample:.2f} (mean {mean:.2f} over {seen:g} measured rewards)",
                        recalled=tuple(r.winner.candidate for r in recalled if r.winner.strategy == name),
                    )
                )
            if len(plans) == k:
                return plans
        raise AssertionError("unreachable")

    def _draw(self, name: str, recalled: Sequence[Recalled], draw: random.Random) -> tuple[float, float, float]:
        """A sample of the posterior, its mean, and how many rewards it rests on."""
        seen = self.rewards().get(name, [])
        near = [r.winner.reward for r in recalled if r.winner.strategy == name]
        weight = PRIOR_WEIGHT + len(seen) + RECALL_WEIGHT * len(near)
        mean = (PRIOR_WEIGHT * PRIOR_MEAN + sum(seen) + RECALL_WEIGHT * sum(near)) / weight
        return draw.gauss(mean, NOISE / weight**0.5), mean, len(seen) + RECALL_WEIGHT * len(near)

    def _settings(self, name: str, turn: int) -> TrainSettings:
        epochs = self.strategies[name].epochs or self.defaults.epochs
        return self.defaults.model_copy(update={"epochs": epochs, "seed": self.defaults.seed + turn})
