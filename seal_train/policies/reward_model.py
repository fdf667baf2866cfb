"""The reward model: what a self-edit will earn, predicted from its text, plan and document before it is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p, log2
from typing import Any

import numpy as np

from agent.records import Example
from agent.records.rounds import Action
from agent.text.normal import spaced_words

LEAST = 16
"""Rewarded self-edits. From fewer nothing is predicted."""
PENALTIES = np.logspace(0, 5, 11)
"""Of the ridge regression, chosen by leave-one-out error."""


@dataclass(frozen=True)
class Draft:
    """A self-edit as the reward model sees it. `vector` embeds its text, `features` are its document's."""

    vector: tuple[float, ...]
    features: tuple[float, ...]
    action: Action
    examples: tuple[Example, ...]


def numbers(draft: Draft, strategies: Sequence[str]) -> list[float]:
    """[S + F + 6]: which strategy, the document's features, the rate, and how the text is made: sequences, words, the
    share of sequences that are questions, and the share of words that are not repeated."""
    words = [word.casefold() for example in draft.examples for word in spaced_words(example.text)]
    rate, many = log2(draft.action.rate), max(1, len(draft.examples))
    return [
        *(float(draft.action.strategy == name) for name in strategies),
        *draft.features,
        rate,
        rate * rate,
        log1p(len(draft.examples)),
        log1p(len(words)),
        sum(bool(example.prompt) for example in draft.examples) / many,
        len(set(words)) / max(1, len(words)),
    ]


class RewardModel:
    """Ridge regression over `numbers` and the embedded text, all standardized (scikit-learn's RidgeCV)."""

    def __init__(self, drafts: Sequence[Draft], rewards: Sequence[float]) -> None:
        """Raises ValueError for fewer than LEAST drafts."""
        from sklearn.linear_model import RidgeCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        if len(drafts) < LEAST:
            raise ValueError(f"{len(drafts)} rewarded self-edits of the {LEAST} that a reward model needs")
        self.strategies = sorted({draft.action.strategy for draft in drafts})
        self.learned_from = len(drafts)
        self._fitted: Any = make_pipeline(StandardScaler(), RidgeCV(PENALTIES)).fit(self._rows(drafts), rewards)

    def predict(self, drafts: Sequence[Draft]) -> list[float]:
        return [float(value) for value in self._fitted.predict(self._rows(drafts))] if drafts else []

    def _rows(self, drafts: Sequence[Draft]) -> np.ndarray:
        """[drafts, S + F + 6 + size of a vector]"""
        return np.array([[*numbers(draft, self.strategies), *draft.vector] for draft in drafts])
