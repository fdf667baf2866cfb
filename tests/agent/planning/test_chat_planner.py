"""The planner over a chat model: what it shows, and what it makes of any answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.sections import TrainConfig
from agent.errors import AnswerError, EndpointError
from agent.planning.chat import EPOCHS, LEARNING_RATE, ChatPlanner
from agent.records import Document, Plan, Recalled, TrainSettings, Winner
from agent.strategies.deterministic import DeterministicStrategy
from tests.fakes.chat import FakeChat, failing_chat

MILL = Document.make("Ashby Mill", "The mill opened in 1904.")
STRATEGIES = {
    strategy.name: strategy
    for strategy in (
        DeterministicStrategy("sentences", "each sentence alone", lambda document: [], epochs=None, prior=0.3),
        DeterministicStrategy("rewrite", "told again", lambda document: [], epochs=None, prior=0.3),
        DeterministicStrategy("self-qa", "questions", lambda document: [], epochs=5, prior=0.3),
    )
}
DEFAULTS = TrainConfig(rank=4, seed=7)


def draft(strategy: str, epochs: Any = 6, learning_rate: Any = 5e-4, **more: Any) -> dict[str, Any]:
    made = {"strategy": strategy, "epochs": epochs, "learning_rate": learning_rate, "instruction": "", "reason": "fits"}
    return {**made, **more}


def plans_from(drafts: list[Any], k: int = 3) -> list[Plan]:
    chat = FakeChat(lambda system, user: json.dumps({"plans": drafts}))
    return ChatPlanner(chat, STRATEGIES, DEFAULTS).plan("run", MILL, [], k)


def won(strategy: str, gain: float) -> Recalled:
    winner = Winner(
        candidate=f"candidate-{strategy}", base="tiny", document="d", title="Old mill", text="t", self_edit="s",
        strategy=strategy, instruction="mind the dates", settings=TrainConfig().settings(12), reward=gain, gain=gain,
    )  # fmt: skip
    return Recalled(winner=winner, distance=0.2)


def test_a_good_answer_becomes_plans_as_it_stands() -> None:
    plans = plans_from([draft("rewrite", 6, 5e-4, instruction="mind names"), draft("sentences"), draft("self-qa")])
    assert [plan.strategy for plan in plans] == ["rewrite", "sentences", "self-qa"]
    assert plans[0].settings == TrainSettings(
        rank=4, alpha=64.0, learning_rate=5e-4, epochs=6, seed=7, batch_size=2, tail_average=0.5
    )
    assert (plans[0].instruction, plans[0].reason, plans[0].planner) == ("mind names", "fits", "chat")
    assert (plans[0].run, plans[0].document) == ("run", MILL.id)


def test_the_model_sees_document_strategies_and_winners_with_their_gain() -> None:
    chat = FakeChat(lambda system, user: json.dumps({"plans": [draft("rewrite")]}))
    plans = ChatPlanner(chat, STRATEGIES, DEFAULTS).plan("run", MILL, [won("rewrite", 0.4), won("self-qa", 0.25)], 2)
    _, user, schema = chat.asked[0]
    for shown in (
        MILL.text,
        "- sentences: each sentence alone\n",
        "gain +0.40",
        "12 epochs",
        "mind the dates",
        "Propose 2",
    ):
        assert shown in user
    assert schema is not None
    assert schema["properties"]["plans"]["items"]["properties"]["strategy"]["enum"] == list(STRATEGIES)
    assert plans[0].recalled == ("candidate-rewrite", "candidate-self-qa")


def test_numbers_are_held_to_their_ranges() -> None:
    plans = plans_from([draft("rewrite", 10_000, 9.0), draft("sentences", -3, 0.0), draft("self-qa", 4.6)])
    assert [(p.settings.epochs, p.settings.learning_rate) for p in plans] == [
        (EPOCHS[1], LEARNING_RATE[1]),
        (EPOCHS[0], LEARNING_RATE[0]),
        (5, 5e-4),
    ]


@pytest.mark.parametrize(
    "bad", [draft("poem"), draft("rewrite", "many"), draft("rewrite", learning_rate=float("nan")), {}, "text", None]
)
def test_a_plan_that_cannot_be_used_is_dropped_alone(bad: Any) -> None:
    plans = plans_from([bad, draft("self-qa")], 1)
    assert [plan.strategy for plan in plans] == ["self-qa"]


def test_the_rest_is_filled_up_with_unused_strategies_and_says_so() -> None:
    plans = plans_from([draft("rewrite"), draft("rewrite"), draft("poem")])
    assert [plan.strategy for plan in plans] == ["rewrite", "sentences", "self-qa"]
    assert plans[1].settings == DEFAULTS.settings(8), "the usual number"
    assert plans[2].settings == DEFAULTS.settings(5), "the strategy's own epochs"
    assert "too few different plans" in plans[1].reason


def test_a_second_plan_of_a_strategy_waits_until_every_strategy_is_used() -> None:
    plans = plans_from([draft("rewrite"), draft("rewrite", 20)], 4)
    assert [(plan.strategy, plan.settings.epochs) for plan in plans] == [
        ("rewrite", 6), ("sentences", 8), ("self-qa", 5), ("rewrite", 20),
    ]  # fmt: skip


def test_another_instruction_alone_makes_no_other_plan() -> None:
    plans = plans_from([draft("rewrite"), draft("rewrite", instruction="in verse")], 4)
    assert len({(p.strategy, p.settings.epochs, p.settings.learning_rate) for p in plans}) == 4


def test_more_proposals_than_asked_for_are_cut() -> None:
    assert [p.strategy for p in plans_from([draft("self-qa"), draft("rewrite"), draft("sentences")], 2)] == [
        "self-qa",
        "rewrite",
    ]


@pytest.mark.parametrize("answer", ["", "no", "{}", '{"plans": 3}', '{"plans": []}', '{"plans": [{}]}'])
def test_no_usable_plan_at_all_is_an_error_and_no_silent_default(answer: str) -> None:
    with pytest.raises(AnswerError, match="no plan that can be used") as raised:
        ChatPlanner(FakeChat(lambda system, user: answer), STRATEGIES, DEFAULTS).plan("run", MILL, [], 2)
    assert "thompson" in raised.value.mend


def test_an_endpoint_that_fails_is_not_hidden() -> None:
    with pytest.raises(EndpointError, match="down"):
        ChatPlanner(failing_chat(), STRATEGIES, DEFAULTS).plan("run", MILL, [], 2)


def test_a_planner_without_strategies_is_a_bug() -> None:
    with pytest.raises(ValueError, match="at least one strategy"):
        ChatPlanner(failing_chat(), {}, DEFAULTS)


numbers = st.one_of(st.integers(), st.floats(), st.text(max_size=3))
names = st.sampled_from([*STRATEGIES, "poem", ""])
any_draft = st.builds(draft, names, numbers, numbers, instruction=st.text(max_size=20))


@given(st.lists(any_draft, max_size=6), st.integers(1, 16))
def test_any_proposals_give_k_plans_that_differ_or_an_error(drafts: list[Any], k: int) -> None:
    try:
        plans = plans_from(drafts, k)
    except EndpointError:
        return
    assert len({plan.id for plan in plans}) == k
    assert len({plan.strategy for plan in plans}) == min(k, len(STRATEGIES))
    for plan in plans:
        assert EPOCHS[0] <= plan.settings.epochs <= EPOCHS[1]
        assert LEARNING_RATE[0] <= plan.settings.learning_rate <= LEARNING_RATE[1]
