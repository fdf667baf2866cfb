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
from graphs.approve.graph import approval_graph, approve, promote
from graphs.methods.learners import take_back
from tests.fakes.house import FakeRuntime

THREAD: RunnableConfig = {"configurable": {"thread_id": "t"}}


def policy(number: int) -> PlannerPolicy:
    blank = untrained("packaged", ("facts",))
    learned = {key: getattr(blank, key) for key in ("centre", "scale", "mean", "covariance")}
    return PlannerPolicy.make(f"r.{number}.practice", "learned", "packaged", ("facts",), **learned, learned_from=8)


def promotions(runtime: FakeRuntime, *numbers: int) -> list[Promotion]:
    blank = untrained("packaged", ("facts",))
    runtime.ledger.start_run("r", "improve", {}, [])
    runtime.ledger.add_policy(blank)
    for number in numbers:
        runtime.ledger.add_policy(policy(number))
    former = [blank.id, *(policy(n).id for n in numbers)]
    pairs = zip(numbers, former, strict=False)
    return [
        Promotion.make("planner", "r", number, "packaged", policy(number).id, one, "better") for number, one in pairs
    ]


def acts(runtime: FakeRuntime) -> PlannerPolicy | None:
    return runtime.acting


@pytest.fixture
def runtime(tmp_path: Path) -> FakeRuntime:
    return FakeRuntime(tmp_path / "home", {"gate.approve": "policy"})


def test_it_stands_at_an_interrupt_with_the_evidence(runtime: FakeRuntime) -> None:
    (promotion,) = promotions(runtime, 1)
    assert promote(runtime, promotion) == "wait"
    (approval, _), *_ = runtime.ledger.asked()
    graph = approval_graph(runtime).compile(checkpointer=InMemorySaver())
    stands = graph.invoke({"approval": approval.id}, THREAD)
    assert stands["__interrupt__"][0].value == {"title": "planner policy of round 1", "evidence": "better"}
    assert acts(runtime) is None
    graph.invoke(Command(resume={"yes": True, "why": "seen"}), THREAD)
    assert acts(runtime) == policy(1)
    assert [e.message for e in runtime.ledger.events("r") if e.step == "approve"] == ["yes: seen"]


def test_without_the_wish_nothing_waits(tmp_path: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home", {"gate.approve": "publish"})
    assert promote(runtime, promotions(runtime, 1)[0]) == "publish"
    assert acts(runtime) == policy(1)


def test_a_newer_policy_takes_the_place_of_one_that_waits(runtime: FakeRuntime) -> None:
    """Else a late yes to the older one would put it in front of the newer."""
    first, second = promotions(runtime, 1, 2)
    promote(runtime, first)
    promote(runtime, second)
    (older, no), (newer, still) = runtime.ledger.asked()
    assert no is not None
    assert (no.yes, no.why, still) == (False, "a newer policy waits", None)
    with pytest.raises(StoreError, match="answered before"):
        approve(runtime, older.id, True, "")
    approve(runtime, newer.id, True, "")
    assert acts(runtime) == policy(2)


def test_asked_again_after_a_crash_it_waits_once(runtime: FakeRuntime) -> None:
    (promotion,) = promotions(runtime, 1)
    assert [promote(runtime, promotion) for _ in range(2)] == ["wait", "wait"]
    (approval, _), *more = runtime.ledger.asked()
    assert more == []
    approve(runtime, approval.id, False, "no")
    assert promote(runtime, promotion) == "refuse"
    assert acts(runtime) is None


def test_policies_are_taken_back_one_by_one(tmp_path: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home")
    for promotion in promotions(runtime, 1, 2):
        promote(runtime, promotion)
    take_back(runtime, "planner", "worse")
    assert acts(runtime) == policy(1)
    take_back(runtime, "planner", "worse")
    assert acts(runtime) is None
    assert runtime.planner(runtime.strategies).name == "thompson"
    with pytest.raises(StoreError, match="no planner policy is promoted"):
        take_back(runtime, "planner", "worse")
