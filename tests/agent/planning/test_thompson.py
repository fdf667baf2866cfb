from __future__ import annotations

from collections import Counter

from agent.planning.thompson import ThompsonPlanner
from agent.records import Document, Plan, Recalled, TrainSettings, Winner
from agent.strategies import usable

STRATEGIES = usable((), has_model=False)


def plans(
    rewards: dict[str, list[float]], k: int = 2, title: str = "t", recalled: list[Recalled] | None = None
) -> list[Plan]:
    planner = ThompsonPlanner(STRATEGIES, TrainSettings(), lambda: rewards)
    return planner.plan("run", Document.make(title, "text"), recalled or [], k)


def test_k_plans_differ_by_construction() -> None:
    for k in (1, 4, 9):
        found = plans({}, k)
        assert len({p.id for p in found}) == k
    assert len({p.strategy for p in plans({}, 4)}) == 4


def test_the_same_step_plans_the_same() -> None:
    assert plans({}) == plans({})


def test_what_worked_is_chosen_and_the_rest_still_explored() -> None:
    rewards = {name: [0.1] * 20 for name in STRATEGIES} | {"cloze": [0.8] * 20}
    first = Counter(plans(rewards, 1, title=str(i))[0].strategy for i in range(50))
    assert first["cloze"] == 50
    unsure = Counter(plans({"cloze": [0.5]}, 1, title=str(i))[0].strategy for i in range(200))
    assert len(unsure) == len(STRATEGIES)
    assert unsure.most_common(1)[0][0] == "cloze"


def test_a_recalled_winner_raises_its_strategy_and_is_named() -> None:
    winner = Winner(candidate="c1", document="d", title="t", text="x", self_edit="e", strategy="facts", instruction="",
                    settings=TrainSettings(), reward=0.9, gain=0.9)  # fmt: skip
    recalled = [Recalled(winner=winner, distance=0.1)] * 3
    count = Counter(plans({}, 1, title=str(i), recalled=recalled)[0].strategy for i in range(200))
    assert count.most_common(1)[0][0] == "facts"
    plan = next(p for p in plans({}, 4, recalled=recalled) if p.strategy == "facts")
    assert plan.recalled == ("c1",) * 3
