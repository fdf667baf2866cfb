"""What goes to the gate: the mean of the best candidate and those near it."""

from __future__ import annotations

from pathlib import Path

from agent.records import Candidate
from graphs.ingest import ingest
from tests.fakes.house import FakeRuntime, write_articles


def learned(home: Path, near: float) -> FakeRuntime:
    runtime = FakeRuntime(home)
    reward = runtime.config.reward.model_copy(update={"near": near})
    runtime.config = runtime.config.model_copy(update={"reward": reward})
    source = write_articles(home / "articles.jsonl")
    runtime.ledger.start_run("r1", "ingest", {}, [str(source)])
    ingest(runtime, [str(source)], "r1")
    return runtime


def champions(runtime: FakeRuntime) -> list[Candidate]:
    return [runtime.ledger.candidate(adapter.candidate) for adapter in runtime.ledger.current()]


def test_candidates_near_the_best_are_averaged_with_it(tmp_path: Path) -> None:
    ledger = (runtime := learned(tmp_path, near=0.0)).ledger
    for champion in champions(runtime):
        trained = [c for c in ledger.candidates("r1", champion.document) if not c.members]
        rewards = {c.id: reward.value for c in trained if (reward := ledger.reward(c.id))}
        assert set(champion.members) == {id for id, value in rewards.items() if value >= 0}
        assert rewards[champion.members[0]] == max(rewards.values())
        assert champion.self_edit == ledger.candidate(champion.members[0]).self_edit


def test_the_best_goes_alone_where_nothing_is_near(tmp_path: Path) -> None:
    runtime = learned(tmp_path, near=1.0)
    ledger = runtime.ledger
    for champion in champions(runtime):
        rewards = [r.value for c in ledger.candidates("r1", champion.document) if (r := ledger.reward(c.id))]
        ties = rewards.count(max(rewards))
        assert len(champion.members) == (ties if ties > 1 else 0)


def test_the_winner_stands_and_falls_with_the_champion(tmp_path: Path) -> None:
    ledger = learned(tmp_path, near=0.0).ledger
    assert {w.candidate for w in ledger.winners()} == {a.candidate for a in ledger.current()}
    ledger.rollback(ledger.current()[0].id, "a test")
    assert {w.candidate for w in ledger.winners()} == {a.candidate for a in ledger.current()}
    assert len(ledger.winners()) == 1
