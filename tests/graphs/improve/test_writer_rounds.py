"""Rounds that train a writer: the base model writes, the best is learned from, and held-out documents decide."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.records.rounds import PlannerPolicy, WriterPolicy
from agent.strategies import all_strategies
from graphs.methods import method_named
from graphs.methods.method import promoted, take_back
from graphs.methods.practice import heldout_run, practice_run
from graphs.runs.flows import IMPROVE, INGEST
from graphs.runs.life import begin
from graphs.views.improvement import Improvement
from tests.fakes.engine import TALK
from tests.fakes.house import FakeContext, mills, write_articles

ARTICLES = mills(36)
WRITING = {
    "probe.parsed": "false", "probe.cloze": "false", "improve.rounds": "2", "improve.documents": "6",
    "improve.heldout": "14", "improve.heldout_share": "0.5", "improve.free_gib": "0", "improve.self_edits": "4",
    "write.endpoint": "self", "plan.strategies": '["rewrite"]', "improve.learns": '["writer"]', "improve.screen": "1",
}  # fmt: skip


@pytest.fixture
def source(tmp_path: Path) -> str:
    return str(write_articles(tmp_path / "articles.jsonl", ARTICLES))


def improving(home: Path, source: str, more: dict[str, str] | None = None) -> tuple[FakeContext, Improvement]:
    context = FakeContext(home, {**WRITING, **(more or {})}, articles=ARTICLES)
    context.fake_trainer.learns_passages = False
    home.mkdir(exist_ok=True)
    run = begin(IMPROVE, context, [source], "improve")
    run.run()
    return context, run.finish()


def test_a_writer_is_learned_promoted_and_writes_the_next_round(tmp_path: Path, source: str) -> None:
    context, summary = improving(tmp_path / "home", source)
    ledger = context.ledger
    first, second = ledger.rounds(summary.run)
    assert (first.kind, first.word) == ("writer", "promote"), first.reason
    acting = promoted(context, WriterPolicy)
    assert acting is not None
    assert acting.id == first.challenger
    assert (context.config.writers_dir / acting.adapter / "adapter_config.json").is_file()
    child = practice_run(summary.run, 2)
    plans = [p for d in ledger.documents(child) for p in ledger.plans(child, d.id)]
    assert {p.writer for p in plans} == {first.challenger}
    texts = [w.text for d in ledger.documents(child) for e in ledger.self_edits(child, d.id) for w in e.written]
    assert len(texts) == len(plans)
    assert not any(TALK in text for text in texts)
    assert second.acting == first.challenger
    assert [len(r.trials) for r in second.results] == [len(second.results[0].trials)] * 4
    assert len(second.results[0].trials) > 8
    assert first.drift is not None
    assert (first.drift.subject, first.drift.kl.value) == (first.challenger, context.fake_model.nats)
    gains = {r.arm: sum(t.gain for t in r.trials) for r in first.results}
    assert gains["learned"] > max(gains["untrained"], gains["random"])


def test_a_writer_that_drifted_too_far_is_not_promoted(tmp_path: Path, source: str) -> None:
    context, summary = improving(tmp_path / "home", source, {"improve.rounds": "1", "gate.max_kl": "0.5"})
    (round,) = context.ledger.rounds(summary.run)
    assert round.differences["learned"].p_value < 0.05
    assert (round.word, round.reason) == ("keep", "drift: KL from the base 1.00, more than max_kl = 0.5")
    assert promoted(context, WriterPolicy) is None


def test_a_round_tells_what_each_writer_wrote(tmp_path: Path, source: str) -> None:
    context, summary = improving(tmp_path / "home", source)
    first, second = context.ledger.rounds(summary.run)
    for round in (first, second):
        assert set(round.texts) == {"current", "learned", "random", "untrained"}
        assert {texts.written for texts in round.texts.values()} == {len(round.results[0].trials)}
        assert round.texts["untrained"].entropy == 2.0, "the bare base"
    assert first.texts["current"] == first.texts["untrained"]
    assert (first.texts["learned"].entropy, second.texts["current"].entropy) == (0.5, 0.5)
    assert first.texts["learned"].usable == first.texts["learned"].written
    assert first.texts["current"].distinct < first.texts["learned"].distinct, "it says the same of every mill"


def test_what_writers_cost_is_counted(tmp_path: Path, source: str) -> None:
    """Texts are drawn in batches, each a step; so is a writer's training, and the measurement of its drift."""
    home = tmp_path / "home"
    context = FakeContext(home, {**WRITING, "improve.rounds": "1"}, articles=ARTICLES)
    context.fake_trainer.learns_passages = False
    context.fake_model.gpus = context.fake_writer_trainer.gpus = 2
    home.mkdir(exist_ok=True)
    run = begin(IMPROVE, context, [source], "improve")
    run.run()
    summary = run.finish()
    events = [e for name in (practice_run(run.name, 1), heldout_run(run.name, 1)) for e in context.ledger.events(name)]
    counted = {e.step: e.data.get("gpus", 0) for e in events}
    assert {"sample": 2, "train-writer": 2, "drift": 2, "write": 0}.items() <= counted.items()
    assert sum(e.step == "train-writer" for e in events) == 2
    assert summary.gpu_hours == pytest.approx(sum(e.seconds * e.data.get("gpus", 0) for e in events) / 3600)


def test_the_dataset_holds_the_best_text_of_each_request(tmp_path: Path, source: str) -> None:
    context, summary = improving(tmp_path / "home", source, {"improve.rounds": "1"})
    learned, control = context.ledger.policies(practice_run(summary.run, 1), WriterPolicy)
    rows = [json.loads(line) for line in (context.config.datasets_dir / learned.dataset).read_text().splitlines()]
    assert rows
    assert all(row["reward"] > 0 and TALK not in row["completion"][0]["content"] for row in rows)
    told = (context.config.datasets_dir / control.dataset).read_text()
    assert TALK in told
    assert learned.learned_from == 24
    assert not list(context.config.work_dir.iterdir())


def test_other_strategies_show_what_can_be_written(tmp_path: Path, source: str) -> None:
    more = {"improve.rounds": "1", "plan.strategies": '["rewrite", "sentences"]'}
    context, summary = improving(tmp_path / "home", source, more)
    child = practice_run(summary.run, 1)
    for document in context.ledger.documents(child):
        plans = context.ledger.plans(child, document.id)
        assert [p.strategy for p in plans] == ["rewrite"] * 4 + ["sentences"]
    (learned, _) = context.ledger.policies(child, WriterPolicy)
    assert learned.learned_from == 30
    rows = [json.loads(line) for line in (context.config.datasets_dir / learned.dataset).read_text().splitlines()]
    assert len(rows) == 6
    shown = [row["completion"][0]["content"] for row in rows]
    assert all(TALK not in text and text.count("\n") > 2 for text in shown)


def test_what_shows_is_trained_also_where_the_reward_model_thinks_little_of_it(tmp_path: Path, source: str) -> None:
    """It predicts from the second round on, and has not earned to screen."""
    more = {"plan.strategies": '["rewrite", "sentences", "passage"]', "improve.documents": "10", "improve.seeds": "1"}
    context, summary = improving(tmp_path / "home", source, more)
    ledger, child = context.ledger, practice_run(summary.run, 2)
    assert ledger.predictions(child)
    for document in ledger.documents(child):
        trained = [c.strategy for c in ledger.candidates(child, document.id) if ledger.training(c.id)]
        assert sorted(trained) == ["passage"] + ["rewrite"] * 4 + ["sentences"]


def test_arms_are_asked_the_same_and_make_the_same_draws(tmp_path: Path, source: str) -> None:
    context, summary = improving(tmp_path / "home", source, {"improve.rounds": "1"})
    ledger, child = context.ledger, heldout_run(summary.run, 1)
    for document in ledger.documents(child):
        plans = ledger.plans(child, document.id)
        assert len({p.writer for p in plans}) == len(plans) == 3
        assert len({p.settings.model_dump_json() for p in plans}) == 1
    asked = [r for r in context.fake_model.requests if r.adapter is not None]
    assert {r.seed for r in asked} <= {r.seed for r in context.fake_model.requests if r.adapter is None}


def test_text_that_cannot_be_used_is_worth_nothing_and_is_learned_from(tmp_path: Path, source: str) -> None:
    more = {"plan.strategies": '["self-qa"]', "improve.rounds": "1"}  # sentences are no questions
    context, summary = improving(tmp_path / "home", source, more)
    (round,) = context.ledger.rounds(summary.run)
    assert set(round.practised.rewards) == {0.0}
    (learned, _) = context.ledger.policies(practice_run(summary.run, 1), WriterPolicy)
    assert (learned.adapter, learned.dataset, learned.learned_from) == ("", "", 24)
    assert round.word == "keep"


def test_rounds_take_turns(tmp_path: Path, source: str) -> None:
    more = {"improve.learns": '["writer", "planner"]', "plan.strategies": '["rewrite", "passage"]'}
    context, summary = improving(tmp_path / "home", source, more)
    ledger, (writer, planner) = context.ledger, context.ledger.rounds(summary.run)
    assert (writer.kind, writer.word, planner.kind) == ("writer", "promote", "planner")
    child = practice_run(summary.run, 2)
    assert ledger.policies(child, PlannerPolicy)
    assert ledger.policies(child, WriterPolicy) == []
    assert all(len(r.trials) > 8 for r in planner.results)
    plans = [p for run in (child, heldout_run(summary.run, 2)) for d in ledger.documents(run)
             for p in ledger.plans(run, d.id)]  # fmt: skip
    assert {(p.strategy, p.writer) for p in plans} == {("rewrite", writer.challenger), ("passage", "")}


def test_ingest_writes_by_the_promoted_writer_until_it_is_taken_back(tmp_path: Path, source: str) -> None:
    context, _ = improving(tmp_path / "home", source, {"improve.rounds": "1"})
    acting = promoted(context, WriterPolicy)
    assert acting is not None
    fresh = [a | {"title": f"New {a['title']}"} for a in ARTICLES[:2]]
    run = begin(INGEST, context, [str(write_articles(tmp_path / "new.jsonl", fresh))], "ingest")
    run.run()
    plans = [p for d in context.ledger.documents(run.name) for p in context.ledger.plans(run.name, d.id)]
    assert {p.writer for p in plans} == {acting.id}
    take_back(context, method_named(context, "writer"), "worse")
    assert promoted(context, WriterPolicy) is None


def test_every_written_strategy_can_be_asked_of_the_model_itself(tmp_path: Path, source: str) -> None:
    names = sorted(name for name, strategy in all_strategies().items() if strategy.needs_model)
    more = {"plan.strategies": json.dumps(names), "improve.rounds": "1", "improve.self_edits": str(2 * len(names))}
    context, summary = improving(tmp_path / "home", source, more)
    child = practice_run(summary.run, 1)
    for document in context.ledger.documents(child):
        plans = context.ledger.plans(child, document.id)
        assert sorted(p.strategy for p in plans) == sorted([*names, *names])


@pytest.mark.parametrize(
    ("more", "key"),
    [({"write.endpoint": ""}, "improve.learns"), ({"plan.strategies": '["passage"]'}, "plan.strategies")],
)
def test_a_writer_that_cannot_be_learned_is_told_at_once(
    tmp_path: Path, source: str, more: dict[str, str], key: str
) -> None:
    strategies = {"plan.strategies": '["passage"]'}
    context = FakeContext(tmp_path / "home", {**WRITING, **strategies, **more}, articles=ARTICLES)
    (tmp_path / "home").mkdir()
    with pytest.raises(ConfigError) as told:
        begin(IMPROVE, context, [source], "improve")
    assert told.value.key == key
    assert context.ledger.runs() == []
