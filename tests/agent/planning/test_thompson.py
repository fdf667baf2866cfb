from __future__ import annotations

from collections import Counter

from agent.config.sections import TrainConfig
from agent.planning import usual_epochs
from agent.planning.thompson import ThompsonPlanner
from agent.records import Document, Plan, Recalled, Winner
from agent.strategies import usable

STRATEGIES = usable((), has_model=False)
WINNER = Winner(candidate="c1", base="tiny", document="d", title="t", text="x", self_edit="e", strategy="sentences",
                instruction="", settings=TrainConfig().settings(1), reward=0.9, gain=0.9)  # fmt: skip
SENTENCES = Recalled(winner=WINNER, distance=0.1)


def plans(
    rewards: dict[str, list[float]], k: int = 2, title: str = "t", recalled: list[Recalled] | None = None
) -> list[Plan]:
    planner = ThompsonPlanner(STRATEGIES, TrainConfig(), lambda: rewards)
    return planner.plan("run", Document.make(title, "text"), recalled or [], k)


def test_k_plans_differ_by_construction() -> None:
    for k in (1, 4, 9):
        found = plans({}, k)
        assert len({p.id for p in found}) == k
        assert len({(p.strategy, p.settings.model_dump_json()) for p in found}) == k
    assert max(Counter(p.strategy for p in plans({}, 4)).values()) <= 2


def test_one_strategy_alone_makes_plans_that_differ_in_their_seed() -> None:
    planner = ThompsonPlanner({"facts": STRATEGIES["facts"]}, TrainConfig(seed=3), dict)
    found = planner.plan("run", Document.make("t", "x"), [], 5)
    assert [p.settings.seed for p in found] == [3, 4, 5, 6, 7]


def test_the_same_step_plans_the_same() -> None:
    assert plans({}) == plans({})


def test_what_worked_is_chosen_and_the_rest_still_explored() -> None:
    rewards = {name: [0.1] * 20 for name in STRATEGIES} | {"sentences": [0.8] * 20}
    first = Counter(plans(rewards, 1, title=str(i))[0].strategy for i in range(50))
    assert first["sentences"] == 50
    unsure = Counter(p.strategy for i in range(100) for p in plans({}, 4, title=str(i)))
    assert len(unsure) == len(STRATEGIES)
    assert unsure.most_common(1)[0][0] == "facts", "the prior speaks where nothing was measured"


def test_a_strategy_that_is_planned_twice_gets_another_seed() -> None:
    found = [p for i in range(20) for p in plans({"facts": [0.9] * 9}, 4, title=str(i)) if p.strategy == "facts"]
    assert {p.settings.seed for p in found} == {0, 1}


def test_configured_epochs_beat_the_strategys_own() -> None:
    planner = ThompsonPlanner(STRATEGIES, TrainConfig(epochs=2), dict)
    assert {p.settings.epochs for p in planner.plan("run", Document.make("t", "x"), [], 4)} == {2}
    assert all(p.settings.epochs == STRATEGIES[p.strategy].epochs for p in plans({}, 4))


def test_what_parses_a_longer_document_is_trained_for_fewer_epochs() -> None:
    def epochs(strategy: str, words: int) -> int:
        return usual_epochs(STRATEGIES[strategy], TrainConfig(), Document.make("t", "word " * words))

    assert [epochs("facts", words) for words in (10, 100, 125, 167, 2000)] == [5, 5, 4, 3, 3]
    assert epochs("sentences", 2000) == epochs("sentences", 10) == STRATEGIES["sentences"].epochs


def test_a_recalled_winner_raises_its_strategy_and_is_named() -> None:
    recalled = [SENTENCES] * 3
    count = Counter(plans({}, 1, title=str(i), recalled=recalled)[0].strategy for i in range(200))
    assert count["sentences"] > Counter(plans({}, 1, title=str(i))[0].strategy for i in range(200))["sentences"]
    plan = next(p for p in plans({}, 4, recalled=recalled) if p.strategy == "sentences")
    assert plan.recalled == ("c1",) * 3


def test_the_reason_counts_measured_rewards_and_recalled_winners_apart() -> None:
    measured = {name: [0.5, 0.5] for name in STRATEGIES}
    told = {p.strategy: p.reason for p in plans(measured, 4, recalled=[SENTENCES] * 3)}
    assert told.pop("sentences").endswith("rewards measured 2, winners recalled 3)")
    assert all(reason.endswith("rewards measured 2, winners recalled 0)") for reason in told.values())
