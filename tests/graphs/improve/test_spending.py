"""What a run uses of accelerators and endpoints: counted, kept over a kill, and an end where a budget is spent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ConfigError
from agent.records import Used
from app.show.round_page import write_pages
from graphs.methods.practice import heldout_run, practice_run
from graphs.runs.flows import IMPROVE
from graphs.runs.life import begin
from graphs.views.improvement import Improvement
from tests.fakes.house import FakeContext, mills, write_articles
from tests.fakes.openai_server import Asked, FakeOpenAI
from tests.graphs.ingesting import NeverTrains

ARTICLES = mills(12)
SMALL = {
    "probe.parsed": "false", "probe.cloze": "false", "improve.rounds": "1", "improve.documents": "2",
    "improve.heldout": "2", "improve.heldout_share": "0.45", "improve.free_gib": "0", "improve.self_edits": "2",
}  # fmt: skip
ROLES = {
    "write.endpoint": "main", "plan.strategies": '["rewrite", "facts"]', "judge.endpoint": "main",
    "probe.endpoint": "main", "probe.written": "2",
}  # fmt: skip


def answer(asked: Asked) -> str:
    """A model that finds no question, writes, and takes every answer for wrong."""
    if asked.schema is None:
        return "1. The mill at Orrin has an owner.\n2. It grinds barley."
    return json.dumps({"questions": []} if "questions" in asked.schema["properties"] else {"correct": False})


def endpoint(server: FakeOpenAI, price_in: float = 0.0, price_out: float = 0.0) -> dict[str, str]:
    told = f'url = "{server.url}", model = "fake-model", attempts = 1, price_in = {price_in}, price_out = {price_out}'
    return {"endpoints.main": f"{{{told}}}", **ROLES}


@pytest.fixture
def source(tmp_path: Path) -> str:
    return str(write_articles(tmp_path / "articles.jsonl", ARTICLES))


def home(tmp_path: Path, more: dict[str, str] | None = None, **others: Any) -> FakeContext:
    return FakeContext(tmp_path / "home", SMALL | (more or {}), articles=ARTICLES, **others)


def improved(context: FakeContext, source: str) -> Improvement:
    life = begin(IMPROVE, context, [source], "improve")
    life.run()
    return life.finish()


def used(context: FakeContext, run: str) -> Used:
    return context.ledger.used([practice_run(run, 1), heldout_run(run, 1)])


def test_writer_prober_and_judge_are_counted_with_their_price(tmp_path: Path, source: str) -> None:
    with FakeOpenAI(answer) as server:
        context = home(tmp_path, endpoint(server, price_in=2e6, price_out=3e6))
        summary = improved(context, source)
    prompt = sum(len(m["content"].split()) for sent in server.requests for m in sent["messages"])
    found = used(context, summary.run)
    assert (found.answers, found.unreported, found.prompt_tokens) == (len(server.requests), 0, prompt)
    assert found.money == pytest.approx(2 * found.prompt_tokens + 3 * found.completion_tokens)
    assert summary.endpoints.money == found.money > 0
    said = json.dumps(server.requests)
    assert all(word in said for word in ("You write questions", "You grade an answer", "Tell the whole passage again"))
    page = write_pages(context.ledger, summary.run, tmp_path / "pages")
    assert page
    assert f"- {found.answers} answers of endpoints, {prompt:,} prompt and" in page.with_suffix(".md").read_text()


def test_a_server_that_does_not_count_is_told_of(tmp_path: Path, source: str) -> None:
    with FakeOpenAI(answer, usage=None) as server:
        context = home(tmp_path, endpoint(server, price_in=1.0))
        summary = improved(context, source)
    told = summary.endpoints
    assert told.answers == told.unreported == len(server.requests)
    assert (told.prompt_tokens, told.money) == (0, 0.0)


def test_what_was_spent_before_a_kill_counts_for_the_budget(tmp_path: Path, source: str) -> None:
    """A step that never came to its end has been paid for, too."""
    with FakeOpenAI(answer) as server:
        priced = endpoint(server, price_in=1e6)
        context = home(tmp_path, priced, trainer=lambda _: NeverTrains(KeyboardInterrupt()))
        run = begin(IMPROVE, context, [source], "improve")
        with pytest.raises(KeyboardInterrupt):
            run.run()
        run.stop("stopped")
        before = used(context, run.name)
        assert before.answers == len(server.requests) > 0
        context = home(tmp_path, {**priced, "improve.money": str(before.money + 1)})
        again = begin(IMPROVE, context, [source], "improve")
        assert (again.name, again.goes_on) == (run.name, True)
        again.run()
        summary = again.finish()
    assert summary.stopped.startswith("endpoints have cost")
    assert summary.rounds == 0
    assert len(context.ledger.outcomes(practice_run(run.name, 1))) == 1, "the document in hand came to its end"
    assert summary.endpoints.answers == len(server.requests)


def test_gpu_hours_are_steps_on_accelerators_times_their_number(tmp_path: Path, source: str) -> None:
    context = home(tmp_path)
    context.fake_trainer.gpus, context.fake_model.gpus = 4, 1
    summary = improved(context, source)
    ran = [practice_run(summary.run, 1), heldout_run(summary.run, 1)]
    events = [event for run in ran for event in context.ledger.events(run)]
    number = {"train": 4, "probe": 1, "evaluate": 1}
    assert {e.step: e.data.get("gpus", 0) for e in events} == {
        step: number.get(step, 0) for step in {e.step for e in events}
    }
    seconds = sum(number.get(e.step, 0) * e.seconds for e in events)
    assert summary.gpu_hours == pytest.approx(seconds / 3600) != 0


def test_gpu_hours_end_it_and_on_a_cpu_nothing_counts(tmp_path: Path, source: str) -> None:
    on_cpu = improved(home(tmp_path / "cpu", {"improve.gpu_hours": "1e-9"}), source)
    assert (on_cpu.rounds, on_cpu.gpu_hours) == (1, 0.0)
    context = home(tmp_path / "gpu", {"improve.gpu_hours": "1e-9"})
    context.fake_trainer.gpus = 1
    on_gpu = improved(context, source)
    assert on_gpu.rounds == 0
    assert on_gpu.stopped.endswith("GPU-hours are used (improve.gpu_hours)")


def test_money_that_cannot_be_spent_is_refused_before_a_run_begins(tmp_path: Path, source: str) -> None:
    with pytest.raises(ConfigError, match="no endpoint is asked"):
        begin(IMPROVE, home(tmp_path, {"improve.money": "1"}), [source], "improve")
    with FakeOpenAI(answer) as server:
        context = home(tmp_path, {**endpoint(server), "improve.money": "1"})
        with pytest.raises(ConfigError, match=r"no endpoint that is asked has a price \(main\)"):
            begin(IMPROVE, context, [source], "improve")
    assert context.ledger.runs() == []
