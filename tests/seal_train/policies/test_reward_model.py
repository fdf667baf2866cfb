"""The reward model: it ranks what it has seen the likes of, and says when it has seen too little."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from agent.records import Example
from agent.records.rounds import Action
from seal_train.policies.reward_model import LEAST, Draft, RewardModel, numbers


def draft(seed: int, strategy: str = "facts", rate: float = 1.0, lines: int = 4) -> Draft:
    rng = np.random.default_rng(seed)
    vector = tuple((rng.normal(size=16) / 4).tolist())
    examples = tuple(Example(prompt="Q " * (n % 2), completion=f"Line {n} of {seed}.") for n in range(lines))
    return Draft(vector, (4.0, 12.0, 2.0, 0.1, 0.2, 1.0), Action(strategy=strategy, rate=rate), examples)


def worth(it: Draft) -> float:
    """What an edit earns here: by its strategy, its rate, and what its text is about."""
    return 0.3 * (it.action.strategy == "facts") - 0.1 * (it.action.rate > 1) + 0.5 * it.vector[0]


def drafts(first: int, count: int) -> list[Draft]:
    return [
        draft(n, ("facts", "passage")[n % 2], (0.5, 1.0, 2.0)[n % 3], 2 + n % 5) for n in range(first, first + count)
    ]


def test_it_ranks_drafts_that_it_has_not_seen() -> None:
    seen, fresh = drafts(0, 120), drafts(500, 40)
    noise = np.random.default_rng(1).normal(0, 0.05, len(seen))
    model = RewardModel(seen, [worth(it) + e for it, e in zip(seen, noise, strict=True)])
    found = spearmanr(model.predict(fresh), [worth(it) for it in fresh])
    assert found.statistic > 0.8


def test_from_noise_it_predicts_about_the_mean() -> None:
    seen = drafts(0, 120)
    model = RewardModel(seen, np.random.default_rng(2).normal(0.4, 0.2, len(seen)).tolist())
    assert np.std(model.predict(drafts(500, 40))) < 0.1


def test_a_strategy_that_it_has_not_seen_is_predicted_all_the_same() -> None:
    model = RewardModel(drafts(0, 40), [worth(it) for it in drafts(0, 40)])
    assert np.isfinite(model.predict([draft(900, "new-one")])).all()
    assert model.predict([]) == []


def test_it_wants_to_have_seen_enough() -> None:
    few = drafts(0, LEAST - 1)
    with pytest.raises(ValueError, match="that a reward model needs"):
        RewardModel(few, [worth(it) for it in few])


def test_numbers_of_a_text() -> None:
    found = numbers(draft(0, lines=2), ("facts", "passage"))
    assert found[:2] == [1.0, 0.0]
    assert found[8:10] == [0.0, 0.0], "the usual rate"
    assert found[-2] == 0.5, "one of two sequences is a question"
    assert 0 < found[-1] < 1
