"""What a planner policy learns from rewards: which action, for which document, and nothing from noise."""

from __future__ import annotations

import numpy as np
import pytest

from agent.planning.policy import FEATURES, TERMS, terms
from agent.records.rounds import Action, PlannerPolicy
from seal_train.policies.planner import Observation, learn_planner

STRATEGIES = ("passage", "facts")
SHORT, LONG = (3.0, *(0.0,) * (len(FEATURES) - 1)), (5.0, *(0.0,) * (len(FEATURES) - 1))


def observed(worth: dict[tuple[str, tuple[float, ...]], float], noise: float = 0.02) -> list[Observation]:
    """Twenty documents, half of them long, each with every strategy at every rate. Odd documents are easier."""
    rng = np.random.default_rng(0)
    return [
        Observation(f"d{n}", seen, Action(strategy=s, rate=rate), worth[s, seen] + 0.5 * (n % 2) + rng.normal(0, noise))
        for n in range(20)
        for seen in (LONG if n % 4 < 2 else SHORT,)
        for s in STRATEGIES
        for rate in (0.5, 1.0, 2.0)
    ]


def value(policy: PlannerPolicy, strategy: str, seen: tuple[float, ...], rate: float = 1.0) -> float:
    return float(terms(policy, Action(strategy=strategy, rate=rate), seen) @ np.array(policy.mean))


def learn(found: list[Observation], shuffle: int | None = None) -> PlannerPolicy:
    return learn_planner("r", "tiny", STRATEGIES, found, shuffle)


def test_it_learns_what_is_better_for_which_document() -> None:
    worth = {("passage", LONG): 0.6, ("facts", LONG): 0.2, ("passage", SHORT): 0.1, ("facts", SHORT): 0.7}
    policy = learn(observed(worth))
    assert value(policy, "passage", LONG) - value(policy, "facts", LONG) == pytest.approx(0.4, abs=0.05)
    assert value(policy, "facts", SHORT) - value(policy, "passage", SHORT) == pytest.approx(0.6, abs=0.05)
    assert policy.learned_from == 120
    assert policy.arm == "learned"


def test_easy_documents_say_nothing_about_actions() -> None:
    """`passage` was only tried on the easy ones."""
    found = [
        Observation(f"d{n}", SHORT, Action(strategy=s, rate=1.0), 0.9 * (n % 2) + 0.2 * (s == "facts"))
        for n in range(20)
        for s in (STRATEGIES if n % 4 == 1 else ("passage",) if n % 2 else ("facts",))
    ]
    policy = learn(found)
    assert value(policy, "facts", SHORT) > value(policy, "passage", SHORT)


def test_it_is_sure_after_many_rewards_and_unsure_of_what_it_never_saw() -> None:
    only = [o for o in observed(dict.fromkeys([(s, x) for s in STRATEGIES for x in (LONG, SHORT)], 0.3))
            if o.action.strategy == "facts"]  # fmt: skip
    policy = learn(only)
    variance = np.diag(np.array(policy.covariance))
    passage, facts = variance[TERMS - 2], variance[2 * TERMS - 2]
    assert passage > 10 * facts, "what the learning rate does to passages was never seen"


def test_rewards_dealt_to_actions_at_random_teach_little() -> None:
    worth = {("passage", LONG): 0.1, ("facts", LONG): 0.7, ("passage", SHORT): 0.1, ("facts", SHORT): 0.7}
    found = observed(worth)
    gap = value(learn(found), "facts", SHORT) - value(learn(found), "passage", SHORT)
    gaps = [value(p, "facts", SHORT) - value(p, "passage", SHORT) for p in (learn(found, seed) for seed in range(20))]
    assert gap > 0.5
    assert abs(float(np.mean(gaps))) < 0.1
    assert learn(found, 1).arm == "random"


@pytest.mark.parametrize("documents", [0, 1])
def test_from_fewer_than_two_documents_it_learns_nothing(documents: int) -> None:
    found = [o for o in observed({(s, x): 0.5 for s in STRATEGIES for x in (LONG, SHORT)}) if o.document < "d1"]
    policy = learn(found[: 6 * documents])
    assert not np.any(policy.mean)
    assert policy.learned_from == 6 * documents


def test_strategies_that_are_gone_are_not_learned_from() -> None:
    found = observed({(s, x): 0.5 for s in STRATEGIES for x in (LONG, SHORT)})
    assert learn_planner("r", "tiny", ("facts",), found).learned_from == 60


def test_the_control_does_not_prefer_what_a_good_policy_took_often() -> None:
    """All rewards but a few are of `facts`, as after some rounds."""
    worth = {(s, x): 0.3 for s in STRATEGIES for x in (LONG, SHORT)}
    found = [o for i, o in enumerate(observed(worth, noise=0.2)) if o.action.strategy == "facts" or i % 12 == 0]
    prefers = [
        value(p, "facts", SHORT) > value(p, "passage", SHORT) for p in (learn(found, seed) for seed in range(60))
    ]
    assert 15 <= sum(prefers) <= 45
