"""How a planner policy acts: by chance where it has learned nothing, by its mean and its doubt where it has."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from agent.config import TrainConfig
from agent.planning.policy import FEATURES, RATES, TERMS, PolicyPlanner, features, terms, untrained
from agent.records import Document
from agent.records.rounds import Action, PlannerPolicy
from agent.strategies import usable

STRATEGIES = usable(("passage", "sentences", "facts"), has_model=False)
DOCUMENTS = [
    Document.make(f"Mill {n}", f"Anna Moss{n} opened the mill on {n + 1} May. It cost {n + 2} million crowns.")
    for n in range(40)
]
BLANK = untrained("tiny", tuple(STRATEGIES))


def planner(policy: PlannerPolicy = BLANK) -> PolicyPlanner:
    return PolicyPlanner(policy, STRATEGIES, TrainConfig())


def sure(mean: np.ndarray, doubt: float = 0.0) -> PlannerPolicy:
    covariance = tuple(tuple(row) for row in (np.eye(len(mean)) * doubt).tolist())
    return BLANK.model_copy(update={"id": "sure", "mean": tuple(mean.tolist()), "covariance": covariance})


def weights(strategy: str, place: int, value: float) -> np.ndarray:
    mean = np.zeros((len(STRATEGIES), TERMS))
    mean[list(STRATEGIES).index(strategy), place] = value
    return mean.ravel()


def test_an_untrained_policy_takes_every_action_about_as_often() -> None:
    counts = Counter(planner().best(document) for document in DOCUMENTS * 1)
    assert len(counts) >= len(STRATEGIES) * len(RATES) - 2
    assert max(counts.values()) <= 12


def test_the_same_document_gets_the_same_plans() -> None:
    first, second = (planner().plan("r", DOCUMENTS[0], [], 5) for _ in range(2))
    assert first == second
    assert len({plan.id for plan in first}) == 5


def test_it_repeats_what_it_knows_to_be_best_but_no_more_than_half_of_the_time() -> None:
    plans = planner(sure(weights("facts", 0, 1.0))).plan("r", DOCUMENTS[0], [], 5)
    assert Counter(plan.strategy for plan in plans)["facts"] == 3
    assert len({plan.settings.seed for plan in plans if plan.strategy == "facts"}) == 3


def test_it_explores_what_it_doubts() -> None:
    certain, doubting = (planner(sure(weights("facts", 0, 0.3), doubt)) for doubt in (0.0, 1.0))
    first = [plans.plan("r", document, [], 1)[0].strategy for plans in (certain, doubting) for document in DOCUMENTS]
    assert set(first[:40]) == {"facts"}
    assert len(set(first[40:])) == 3


def test_the_rate_is_chosen_by_its_own_weight() -> None:
    slower = weights("facts", 0, 1.0) + weights("facts", TERMS - 2, -1.0)
    action = planner(sure(slower)).best(DOCUMENTS[0])
    assert action == Action(strategy="facts", rate=0.5)
    plan = planner(sure(slower)).best_plan("r", DOCUMENTS[0])
    assert plan.settings.learning_rate == pytest.approx(0.5 * TrainConfig().learning_rate)
    assert "expects 2.00" in plan.reason


def test_what_a_document_is_like_decides() -> None:
    long = Document.make("Long", " ".join(f"Word{n} is a name that nobody has." for n in range(60)))
    short = Document.make("Short", "The mill opened on 4 May.")
    policy = sure(weights("facts", 1, 1.0)).model_copy(update={"centre": (4.0, *(0.0,) * (len(FEATURES) - 1))})
    assert planner(policy).best(long).strategy == "facts"
    assert planner(policy).best(short).strategy != "facts"


def test_strategies_that_it_does_not_know_are_left_out() -> None:
    other = PolicyPlanner(BLANK, usable(("passage", "cloze"), has_model=False), TrainConfig())
    assert {action.strategy for action in other.actions} == {"passage"}
    assert PolicyPlanner(BLANK, usable(("cloze",), has_model=False), TrainConfig()).plan("r", DOCUMENTS[0], [], 3) == []


def test_terms_stand_in_the_place_of_the_strategy() -> None:
    found = terms(BLANK, Action(strategy="sentences", rate=2.0), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0))
    assert found[TERMS : 2 * TERMS].tolist() == [1, 1, 2, 3, 4, 5, 6, 1, 1]
    assert not found[:TERMS].any()
    assert not found[2 * TERMS :].any()


def test_features_of_texts_without_facts_or_letters() -> None:
    for text in ("", "12 34", "Der Fluss stieg in der Nacht um zwei Meter und die Feuerwehr half den Leuten."):
        found = features(Document.make("T", text))
        assert len(found) == len(FEATURES)
        assert np.isfinite(found).all()
    assert features(Document.make("T", "Der Fluss stieg in der Nacht um zwei Meter und stand im Haus."))[-1] == 0.0
