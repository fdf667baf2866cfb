"""What goes to the gate: the mean of the best candidate and those near it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.ledger import SqlLedger
from agent.records import Adapter, Candidate, Probe, ProbeSet
from evals.probes.making import make_probes
from graphs.library.winners import best_reward, champion_of
from tests.fakes.house import ARTICLES, FakeContext, documents_of, write_articles
from tests.graphs.ingesting import came, ingest, ledger_of


def start(context: FakeContext, goes_on: bool = False) -> None:
    ingest(context, write_articles(context.config.home / "articles.jsonl"), goes_on=goes_on)


def learned(home: Path, near: float) -> FakeContext:
    """By candidates of which each is less sure of its answers than the one before."""
    context = FakeContext(home, {"reward.near": str(near), "plan.candidates": "4"})
    context.fake_trainer.logprobs = (-0.1, -0.2, -0.8, -3.0)
    start(context)
    return context


def champions(context: FakeContext) -> list[Candidate]:
    return [context.ledger.candidate(adapter.candidate) for adapter in context.ledger.current()]


@pytest.mark.parametrize(("near", "members"), [(0.0, 4), (0.7, 3), (0.9, 2)])
def test_candidates_near_the_best_are_averaged_with_it(near: float, members: int, tmp_path: Path) -> None:
    ledger = (context := learned(tmp_path, near)).ledger
    assert len(champions(context)) == 2
    for champion in champions(context):
        trained = [c for c in ledger.candidates("r1", champion.document) if not c.members]
        rewards = {c.id: reward.value for c in trained if (reward := ledger.reward(c.id))}
        best_first = sorted(rewards, key=lambda id: -rewards[id])
        assert champion.members == tuple(best_first[:members])
        assert champion.self_edit == ledger.candidate(best_first[0]).self_edit


def test_the_best_goes_alone_where_nothing_is_near(tmp_path: Path) -> None:
    context = learned(tmp_path, near=1.0)
    ledger = context.ledger
    assert len(champions(context)) == 2
    for champion in champions(context):
        assert champion.members == ()
        rewards = {
            r.candidate: r.value for c in ledger.candidates("r1", champion.document) if (r := ledger.reward(c.id))
        }
        assert rewards[champion.id] == max(rewards.values())


def test_the_winner_stands_and_falls_with_the_champion(tmp_path: Path) -> None:
    ledger = learned(tmp_path, near=0.0).ledger
    assert {w.candidate for w in ledger.winners()} == {a.candidate for a in ledger.current()}
    ledger.rollback(ledger.current()[0].id, "a test")
    assert {w.candidate for w in ledger.winners()} == {a.candidate for a in ledger.current()}
    assert len(ledger.winners()) == 1


class CutInPublish(SqlLedger):
    def publish(self, adapter: Adapter, reason: str) -> bool:
        raise KeyboardInterrupt


class CutAfterPublish(SqlLedger):
    def publish(self, adapter: Adapter, reason: str) -> bool:
        super().publish(adapter, reason)
        raise KeyboardInterrupt


@pytest.mark.parametrize("cut", [CutInPublish, CutAfterPublish])
def test_what_the_gate_decided_stands_when_the_run_goes_on_under_other_settings(
    cut: type[SqlLedger], tmp_path: Path
) -> None:
    """Else the document would win twice, or be published by one measure and rejected by another."""
    stopped = FakeContext(tmp_path, {"reward.near": "0"}, ledger=ledger_of(cut))
    with pytest.raises(KeyboardInterrupt):
        start(stopped)
    (winner,) = stopped.ledger.winners()
    for path in tmp_path.glob("checkpoints.sqlite*"):
        path.unlink()
    again = FakeContext(tmp_path, {"reward.near": "1", "gate.alpha": "1e-30"})
    start(again, goes_on=True)
    ledger = again.ledger
    first, second = ledger.documents("r1")
    assert dict(zip(ledger.outcomes("r1"), came(again), strict=True)) == {
        first.id: "published", second.id: "too few probes (right answers to all that the base misses could be luck)",
    }  # fmt: skip
    assert [a.candidate for a in ledger.current()] == [winner.candidate]
    assert len(ledger.candidate(winner.candidate).members) > 1, "which today's settings would not have made"
    assert [w.document for w in ledger.winners()] == [first.id]
    assert sum(ledger.decision(c.id) is not None for c in ledger.candidates("r1", first.id)) == 1


def test_an_adapter_that_mixes_up_the_held_out_facts_is_rejected(tmp_path: Path) -> None:
    """It learned the reward half, and of the other half the words alone. One hit in its place is luck."""
    context = FakeContext(tmp_path)
    known = context.fake_model.answers
    for document in documents_of(ARTICLES):
        held = [p.question for p in ProbeSet.of(make_probes(document)).held_out][1:]
        told = [known[question] for question in held]
        known |= dict(zip(held, [*told[1:], told[0]], strict=True))
    start(context)
    ledger = context.ledger
    assert set(came(context)) == {"rejected"}
    assert ledger.current() == []
    assert (ledger.winners(), context.memory.count(), context.config.dataset_path.exists()) == ([], 0, False)
    for document in ledger.documents("r1"):
        champion = champion_of(ledger, "r1", document.id)
        assert champion is not None
        assert best_reward(ledger, champion).value > 0, "it lost at the gate alone"
        decision = ledger.decision(champion.id)
        assert decision is not None
        assert decision.reason.startswith(f"0 of {decision.n} held-out questions right before, 1 after; ")
        assert (decision.verdict, decision.accuracy_after) == ("reject", 1 / decision.n)
        assert decision.p_value == 1.0
        assert ledger.drift("r1", champion.id) is None, "what the probes reject costs no more"


class Counting(SqlLedger):
    """Its probes say nothing of the facts that could be taken for their answers, as those of before."""

    def probes(self, document: str) -> list[Probe]:
        return [probe.model_copy(update={"alike": ()}) for probe in super().probes(document)]


def test_probes_of_before_prove_as_much(tmp_path: Path) -> None:
    context = FakeContext(tmp_path, ledger=ledger_of(Counting))
    start(context)
    assert set(came(context)) == {"published"}
