"""What a planner policy sees of a document, and how it acts: a draw from its posterior, or the best by its mean (linear
Thompson sampling, Agrawal & Goyal 2013, arXiv 1209.3352, with a model a strategy as in Li et al. 2010, arXiv 1003.0146,
sec. 3.1)."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from agent.config.sections import TrainConfig
from agent.planning import usual_epochs
from agent.ports import Strategy
from agent.records import Document, Plan, Recalled, content_id
from agent.records.rounds import Action, PlannerPolicy
from agent.text.language import is_english
from agent.text.normal import count_words, spaced_words
from agent.text.parsing import sentences, worth_asking

FEATURES = ("log words", "words a sentence", "facts a sentence", "share of numbers", "share of capitals", "English")
"""Numbers that say how a document is written, not what about."""
RATES = (0.5, 1.0, 2.0)
"""Multiples of `[train] learning_rate` to choose from."""
TERMS = len(FEATURES) + 3
"""Numbers that a strategy's model looks at: one, the features, the rate and its square."""


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


def untrained(base: str, strategies: Sequence[str]) -> PlannerPolicy:
    """A policy that has learned nothing: every action is as likely as any other."""
    size = len(strategies) * TERMS
    return PlannerPolicy.make(
        "", "untrained", base, strategies, centre=(0.0,) * len(FEATURES), scale=(1.0,) * len(FEATURES),
        mean=(0.0,) * size, covariance=((0.0,) * size,) * size, learned_from=0,
    )  # fmt: skip


def terms(policy: PlannerPolicy, action: Action, seen: Sequence[float]) -> np.ndarray:
    """[S * TERMS]: what the policy's model looks at for an action, given the document's features."""
    standard = (np.array(seen) - policy.centre) / policy.scale
    rate = math.log2(action.rate)
    out = np.zeros((len(policy.strategies), TERMS))
    out[policy.strategies.index(action.strategy)] = [1.0, *standard, rate, rate * rate]
    return out.ravel()


class PolicyPlanner:
    """A planner that acts by a policy. Strategies that the policy does not know are left out."""

    def __init__(self, policy: PlannerPolicy, strategies: Mapping[str, Strategy], train: TrainConfig) -> None:
        self.policy, self.train = policy, train
        self.strategies = {name: s for name, s in strategies.items() if name in policy.strategies}
        self.actions = [Action(strategy=name, rate=rate) for name in self.strategies for rate in RATES]
        self.name = f"policy {policy.id}"

    def plan(self, run: str, document: Document, recalled: Sequence[Recalled], k: int) -> list[Plan]:
        """`k` plans, each the best by a fresh draw from the posterior; no strategy makes more than half of them where
        there are several, and none stands there twice with one seed.

        The draws are seeded by the document, the policy and `[train] seed`. What memory recalls is not looked at.
        """
        if not self.actions:
            return []
        rng, looked = self._rng(document), self._looked_at(document)
        mean, covariance = np.array(self.policy.mean), np.array(self.policy.covariance)
        limit = max(math.ceil(k / 2), math.ceil(k / len(self.strategies)))
        used: Counter[str] = Counter()
        plans: list[Plan] = []
        while len(plans) < k:
            drawn = looked @ rng.multivariate_normal(mean, covariance, method="eigh")
            free = [i for i in self._shuffled(rng) if used[self.actions[i].strategy] < limit]
            best = max(free, key=lambda i: drawn[i])
            action = self.actions[best]
            reason = f"drew {drawn[best]:.2f} (mean {looked[best] @ mean:.2f}) at "
            plans.append(self._plan(run, document, action, used[action.strategy], reason))
            used[action.strategy] += 1
        return plans

    def best(self, document: Document) -> Action:
        """The action with the best mean; among equals one drawn by the document and `[train] seed`."""
        expected = self.expected(document)
        return self.actions[max(self._shuffled(self._rng(document)), key=lambda i: expected[self.actions[i]])]

    def best_plan(self, run: str, document: Document) -> Plan:
        action = self.best(document)
        return self._plan(run, document, action, 0, f"expects {self.expected(document)[action]:.2f} of ")

    def expected(self, document: Document) -> dict[Action, float]:
        """The mean of the posterior, an action."""
        expected = self._looked_at(document) @ np.array(self.policy.mean)
        return {action: float(value) for action, value in zip(self.actions, expected, strict=True)}

    def _looked_at(self, document: Document) -> np.ndarray:
        """[actions, S * TERMS]"""
        seen = features(document)
        return np.stack([terms(self.policy, action, seen) for action in self.actions])

    def _rng(self, document: Document) -> np.random.Generator:
        return np.random.default_rng(int(content_id(self.train.seed, document.id, self.policy.id), 16))

    def _shuffled(self, rng: np.random.Generator) -> list[int]:
        """The actions' places in a random order, so that no order decides between equals."""
        return [int(i) for i in rng.permutation(len(self.actions))]

    def _plan(self, run: str, document: Document, action: Action, turn: int, reason: str) -> Plan:
        epochs = usual_epochs(self.strategies[action.strategy], self.train, document)
        rate = self.train.learning_rate * action.rate
        settings = self.train.settings(epochs, learning_rate=rate, seed=self.train.seed + turn)
        return Plan.make(
            run, document.id, action.strategy, settings, planner=self.name,
            reason=f"{reason}{settings.learning_rate:g} (policy learned from {self.policy.learned_from} self-edits)",
        )  # fmt: skip
