"""The graph that stands at an interrupt until a person answers, and policies that wait."""

from __future__ import annotations

from pathlib import Path

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from agent.errors import StoreError
from agent.planning.policy import untrained
from agent.records.rounds import PlannerPolicy, Promotion
from graphs.approve.graph import approval_graph, approve
from graphs.library.publishing import promote
from graphs.methods import method_named
from graphs.methods.method import promoted, take_back
from graphs.methods.planner import configured_planner
from tests.fakes.house import FakeContext

THREAD: RunnableConfig = {"configurable": {"thread_id": "t"}}


def policy(number: int) -> PlannerPolicy:
    blank = untrained("packaged", ("facts",))
    learned = {key: getattr(blank, key) for key in ("centre", "scale", "mean", "covariance")}
    return PlannerPolicy.make(f"r.{number}.practice", "learned", "packaged", ("facts",), **learned, learned_from=8)


def promotions(context: FakeContext, *numbers: int) -> list[Promotion]:
    blank = untrained("packaged", ("facts",))
    context.ledger.start_run("r", "improve", {}, [])
    context.ledger.add_policy(blank)
    for number in numbers:
        context.ledger.add_policy(policy(number))
    former = [blank.id, *(policy(n).id for n in numbers)]
    pairs = zip(numbers, former, strict=False)
    return [
        Promotion.make("planner", "r", number, "packaged", policy(number).id, one, "better") for number, one in pairs
    ]


def acts(context: FakeContext) -> PlannerPolicy | None:
    return promoted(context, PlannerPolicy)


@pytest.fixture
def context(tmp_path: Path) -> FakeContext:
    return FakeContext(tmp_path / "home", {"gate.approve": "policy"})


def test_it_stands_at_an_interrupt_with_the_evidence(context: FakeContext) -> None:
    (promotion,) = promotions(context, 1)
    assert promote(context, promotion) == "wait"
    (approval, _), *_ = context.ledger.asked()
    graph = approval_graph().compile(checkpointer=InMemorySaver())
    stands = graph.invoke({"approval": approval.id}, THREAD, context=context)
    assert stands["__interrupt__"][0].value == {"title": "planner policy of round 1", "evidence": "better"}
    assert acts(context) is None
    graph.invoke(Command(resume={"yes": True, "why": "seen"}), THREAD, context=context)
    assert acts(context) == policy(1)
    assert [e.message for e in context.ledger.events("r") if e.step == "approve"] == ["yes: seen"]


def test_without_the_wish_nothing_waits(tmp_path: Path) -> None:
    context = FakeContext(tmp_path / "home", {"gate.approve": "publish"})
    assert promote(context, promotions(context, 1)[0]) == "publish"
    assert acts(context) == policy(1)


def test_a_newer_policy_takes_the_place_of_one_that_waits(context: FakeContext) -> None:
    """Else a late yes to the older one would put it in front of the newer."""
    first, second = promotions(context, 1, 2)
    promote(context, first)
    promote(context, second)
    (older, no), (newer, still) = context.ledger.asked()
    assert no is not None
    assert (no.yes, no.why, still) == (False, "a newer policy waits", None)
    with pytest.raises(StoreError, match="answered before"):
        approve(context, older.id, True, "")
    approve(context, newer.id, True, "")
    assert acts(context) == policy(2)


def test_asked_again_after_a_crash_it_waits_once(context: FakeContext) -> None:
    (promotion,) = promotions(context, 1)
    assert [promote(context, promotion) for _ in range(2)] == ["wait", "wait"]
    (approval, _), *more = context.ledger.asked()
    assert more == []
    approve(context, approval.id, False, "no")
    assert promote(context, promotion) == "refuse"
    assert acts(context) is None


def test_policies_are_taken_back_one_by_one(tmp_path: Path) -> None:
    context = FakeContext(tmp_path / "home")
    planner = method_named(context, "planner")
    for promotion in promotions(context, 1, 2):
        promote(context, promotion)
    take_back(context, planner, "worse")
    assert acts(context) == policy(1)
    take_back(context, planner, "worse")
    assert acts(context) is None
    assert configured_planner(context, context.strategies).name == "thompson"
    with pytest.raises(StoreError, match="no planner policy is promoted"):
        take_back(context, planner, "worse")
