"""The real graph over a fake engine: routing, bookkeeping, resume."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.errors import AnswerError, SourceError, StoreError, TrainerError
from agent.ports import Query
from agent.records import Adapter, Example
from evals.meters.retention import items
from evals.probes.scoring import MAX_TOKENS
from graphs.ask.graph import answer_graph
from graphs.measure.examine import examine
from graphs.runs.life import ingest, take_up
from graphs.runs.unfinished import cut_off
from graphs.studio import mermaid
from tests.fakes.engine import UNKNOWN
from tests.fakes.house import ARTICLES, FakeRuntime, write_articles
from tests.fakes.openai_server import FakeOpenAI

NODES = (
    "probe",
    "recall",
    "plan",
    "write",
    "check",
    "train",
    "evaluate",
    "reward",
    "select",
    "merge",
    "gate",
    "publish",
    "close",
)


def start(runtime: FakeRuntime, source: Path, run: str = "r1", resume: bool = False) -> None:
    runtime.ledger.start_run(run, "ingest", {}, [str(source)])
    ingest(runtime, [str(source)], run, resume=resume)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "articles.jsonl")


def test_every_document_is_learned_and_published_once(tmp_path: Path, source: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home")
    start(runtime, source)
    ledger = runtime.ledger
    assert set(ledger.outcomes("r1").values()) == {"published"}
    assert len(ledger.current()) == len(ledger.winners()) == runtime.memory.count() == 2
    assert len(runtime.config.dataset_path.read_text().splitlines()) == 2
    assert list(runtime.config.work_dir.iterdir()) == [], "the folders of candidates are swept"
    assert all(Path(a.path).is_dir() and Path(a.path).name == a.id for a in ledger.current())


def test_the_trace_tells_every_step_of_every_document(tmp_path: Path, source: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home")
    start(runtime, source)
    for document in runtime.ledger.documents("r1"):
        steps = [e.step for e in runtime.ledger.events("r1") if e.document == document.id]
        assert list(dict.fromkeys(steps)) == list(NODES)
        assert steps.count("write") == runtime.config.plan.candidates


def test_the_second_document_recalls_the_first(tmp_path: Path, source: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home")
    start(runtime, source)
    recalls = [e.data["recalled"] for e in runtime.ledger.events("r1") if e.step == "recall"]
    assert recalls[0] == []
    assert [r["title"] for r in recalls[1]] == [ARTICLES[0]["title"]]


def test_a_second_run_does_nothing(tmp_path: Path, source: Path) -> None:
    first = FakeRuntime(tmp_path / "home")
    start(first, source)
    second = FakeRuntime(tmp_path / "home")
    start(second, source, "r2")
    assert second.fake_trainer.trained == []
    assert [e.status for e in second.ledger.events("r2") if e.step == "read-item"] == ["skipped", "skipped"]
    assert len(second.ledger.library()) == 2


def test_resume_without_checkpoints_goes_on_from_the_ledger(tmp_path: Path, source: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home")
    runtime.fake_trainer.train = refuse  # type: ignore[method-assign]
    with pytest.raises(TrainerError):
        start(runtime, source)
    for path in runtime.config.home.glob("checkpoints.sqlite*"):
        path.unlink()
    again = FakeRuntime(tmp_path / "home")
    start(again, source, resume=True)
    assert set(again.ledger.outcomes("r1").values()) == {"published"}


def refuse(*_: Any, **__: Any) -> Any:
    raise TrainerError("cannot save the adapter: No space left on device", "free some disk space")


def test_a_trainer_error_stops_the_run_and_is_recorded(tmp_path: Path, source: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home")
    runtime.fake_trainer.train = refuse  # type: ignore[method-assign]
    with pytest.raises(TrainerError, match="No space left"):
        start(runtime, source)
    (failed,) = [e for e in runtime.ledger.events("r1") if e.status == "failed"]
    assert failed.step == "train"
    assert "No space left" in failed.message
    assert runtime.ledger.outcomes("r1") == {}


def test_a_candidate_that_fails_in_training_gets_no_score(tmp_path: Path, source: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home")
    runtime.fake_trainer.fail = {"cloze"}
    start(runtime, source)
    for candidate in (c for c in runtime.ledger.candidates("r1") if not c.members):
        reward = runtime.ledger.reward(candidate.id)
        assert (reward is None) == (candidate.strategy == "cloze")


def test_where_all_training_fails_the_document_is_closed_and_the_next_goes_on(tmp_path: Path, source: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home")
    runtime.fake_trainer.fail = {"passage", "sentences", "cloze", "facts"}
    start(runtime, source)
    assert list(runtime.ledger.outcomes("r1").values()) == ["failed: no candidate could be trained"] * 2
    assert [e.status for e in runtime.ledger.events("r1") if e.step == "train"] == ["failed"] * 2
    assert runtime.ledger.winners() == []
    assert runtime.ledger.current() == []


def test_a_writer_that_fails_loses_only_its_own_plan(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        name, description, needs_model, needs_english, epochs, prior = "cloze", "", False, True, 1, 1.0

        def write(self, *_: Any) -> list[Example]:
            raise AnswerError("the model refused")

    runtime = FakeRuntime(tmp_path / "home")
    runtime.__dict__["strategies"] = {**runtime.strategies, "cloze": Broken()}
    start(runtime, source)
    planned = [p.strategy for d in runtime.ledger.documents("r1") for p in runtime.ledger.plans("r1", d.id)]
    trained = [c.strategy for c in runtime.ledger.candidates("r1") if not c.members]
    assert "cloze" in planned
    assert sorted(trained) == sorted(s for s in planned if s != "cloze")
    failed = [e.message for e in runtime.ledger.events("r1") if e.status == "failed"]
    assert failed == ["the model refused"] * planned.count("cloze")


def test_a_document_of_one_word_is_closed_without_training(tmp_path: Path) -> None:
    path = write_articles(tmp_path / "one.jsonl", [{"title": "Hm", "text": "Hm", "questions": []}])
    runtime = FakeRuntime(tmp_path / "home")
    start(runtime, path)
    assert list(runtime.ledger.outcomes("r1").values()) == ["too short to learn from"]
    assert runtime.fake_trainer.trained == []


def test_a_document_without_probes_is_closed_without_training(tmp_path: Path) -> None:
    article = {"title": "磨坊", "text": "奥林磨坊开业。安娜经营它。", "questions": []}
    path = write_articles(tmp_path / "zh.jsonl", [article])
    runtime = FakeRuntime(tmp_path / "home")
    start(runtime, path)
    assert list(runtime.ledger.outcomes("r1").values()) == ["nothing to measure with in this language (zh)"]
    assert runtime.fake_trainer.trained == []


def test_figures_that_are_not_numbers_are_failures_not_rewards(tmp_path: Path, source: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home")
    runtime.fake_model.broken = True
    start(runtime, source)
    assert list(runtime.ledger.outcomes("r1").values()) == ["failed: no candidate could be measured"] * 2
    assert runtime.ledger.strategy_rewards("packaged") == {}


def test_one_bad_source_of_two_is_reported_and_the_other_read(tmp_path: Path, source: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home")
    runtime.ledger.start_run("r1", "ingest", {}, [])
    ingest(runtime, [str(tmp_path / "missing.txt"), str(source)], "r1")
    assert set(runtime.ledger.outcomes("r1").values()) == {"published"}
    assert any("missing.txt" in e.message for e in runtime.ledger.events("r1") if e.status == "failed")


def test_after_the_last_document_every_question_goes_through_the_router(tmp_path: Path, source: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home", {"ask.max_distance": "0.9"})
    start(runtime, source)
    ledger = runtime.ledger
    owner = {a.id: a.document for a in ledger.current()}
    graph = answer_graph(runtime).compile()
    for document in ledger.documents("r1"):
        answers = {a.probe: a for a in ledger.routed_answers("r1", document.id)}
        probes = [p for p in ledger.probes(document.id) if not p.recall]
        assert answers.keys() == {p.id for p in probes}
        for probe in probes:
            found, asked = answers[probe.id], graph.invoke({"question": probe.question})
            assert (found.adapter, found.answer) == (asked["adapter"], asked["answer"]), "as in seal ask"
            own = "own" if owner.get(found.adapter) == document.id else "other"
            assert found.routed_to == (own if found.adapter else "base")
            assert found.correct == float(probe.answer in found.answer)
            assert found.library == 2
    examined = ledger.events("r1")[-1]
    assert examined.step == "examine"
    told = examined.data
    assert told["questions"] == told["own"] + told["other"] + told["base"] > told["own"] > 0


def test_a_question_that_is_near_no_document_is_answered_by_the_base(tmp_path: Path, source: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home", {"ask.max_distance": "0.01"})
    start(runtime, source)
    told = runtime.ledger.events("r1")[-1].data
    assert (told["base"], told["right"], told["library"]) == (told["questions"], 0, 2)


def test_nothing_published_is_examined_with_the_base(tmp_path: Path, source: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home", {"gate.min_probes": "99"})
    start(runtime, source)
    told = runtime.ledger.events("r1")[-1].data
    assert (told["base"], told["library"]) == (told["questions"], 0)


def test_the_examination_asks_everything_in_one_call_and_once(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = FakeRuntime(tmp_path / "home")
    start(runtime, source)
    calls: list[int] = []

    def answer(queries: Sequence[Query], max_tokens: int) -> list[str]:
        assert max_tokens == MAX_TOKENS, "before and after are cut alike"
        calls.append(len(queries))
        return ["?"] * len(queries)

    monkeypatch.setattr(runtime.fake_model, "answer", answer)
    before = [runtime.ledger.routed_answers("r1", d.id) for d in runtime.ledger.documents("r1")]
    told = examine(runtime, "r1")
    assert calls == []
    runtime.ledger.rollback(None, "test")
    again = examine(runtime, "r1")
    assert calls == [told["questions"]]
    assert (told["library"], again["library"]) == (2, 1)
    assert [runtime.ledger.routed_answers("r1", d.id)[: len(b)] for d, b in zip(
        runtime.ledger.documents("r1"), before, strict=True)] == before  # fmt: skip


def test_a_run_without_new_documents_asks_nothing(tmp_path: Path, source: Path) -> None:
    start(FakeRuntime(tmp_path / "home"), source)
    again = FakeRuntime(tmp_path / "home")
    for part in ("model", "trainer", "embedder"):
        del again.__dict__[part]
    start(again, source, "r2")
    assert again.ledger.events("r2")[-1].data["questions"] == 0
    assert not {"model", "base", "embedder", "router"} & set(again.__dict__), "nothing was loaded"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_cut_off_in_the_examination_goes_on_with_it(
    when: str, tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(runtime: FakeRuntime, run: str) -> Any:
        if when == "after":
            examine(runtime, run)
        raise KeyboardInterrupt

    broken = FakeRuntime(tmp_path / "home")
    with monkeypatch.context() as patched:
        patched.setattr("graphs.ingest.graph.examine", cut)
        with pytest.raises(KeyboardInterrupt):
            start(broken, source)
    broken.ledger.finish_run("r1", "stopped", {})
    assert cut_off(broken.ledger, [str(source)], "packaged") == "r1"
    again = FakeRuntime(tmp_path / "home")
    start(again, source, resume=True)
    assert again.fake_trainer.trained == []
    for document in again.ledger.documents("r1"):
        asked = [p.id for p in again.ledger.probes(document.id) if not p.recall]
        assert [a.probe for a in again.ledger.routed_answers("r1", document.id)] == asked
    again.ledger.finish_run("r1", "done", {})
    assert cut_off(again.ledger, [str(source)], "packaged") is None


def test_nothing_readable_is_an_error(tmp_path: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home")
    with pytest.raises(SourceError, match=r"missing\.txt"):
        start(runtime, tmp_path / "missing.txt")


def test_unknown_run_is_an_error_that_names_the_latest(tmp_path: Path, source: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home")
    start(runtime, source)
    with pytest.raises(StoreError, match="nope") as caught:
        take_up(runtime, "nope")
    assert "r1" in caught.value.mend


def test_ask_routes_to_the_document_and_base_is_asked_the_same(tmp_path: Path, source: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home", {"ask.max_distance": "0.9"})
    start(runtime, source)
    graph = answer_graph(runtime).compile()
    state = graph.invoke({"question": "Who commanded the Kestrel?"})
    adapter = next(a for a in runtime.ledger.current() if a.id == state["adapter"])
    assert adapter.title == "Kestrel Ferry Sinks"
    assert (state["answer"], state["base_answer"]) == ("Ilse Brandt", UNKNOWN)
    plain = graph.invoke({"question": "Who commanded the Kestrel?", "base_only": True})
    assert (plain["adapter"], plain["answer"]) == ("", UNKNOWN)
    adapted, beside, alone = runtime.fake_model.asked[-3:]
    assert adapted.adapter is not None
    assert alone == beside == Query(adapted.prompt), "the base is asked what the adapter is asked"


def test_general_questions_are_measured_as_they_are_asked(tmp_path: Path, source: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home", {"ask.max_distance": "2"})
    start(runtime, source)
    graph, item = answer_graph(runtime).compile(), items()[0]
    for base_only in (True, False):
        state = graph.invoke({"question": item.question, "base_only": base_only})
        assert bool(state["adapter"]) != base_only
        assert state["title"]
        assert runtime.fake_model.asked[-1].prompt == item.routed(state["title"])


def test_ask_through_a_server_gives_the_same_answers(tmp_path: Path, source: Path) -> None:
    start(FakeRuntime(tmp_path / "home"), source)
    here = FakeRuntime(tmp_path / "home", {"ask.max_distance": "0.9"})

    def continued(model: str, prompt: str) -> str:
        loaded = server.adapters.get(model)
        return here.fake_model.answer([Query(prompt, Path(loaded) if loaded else None)])[0]

    with FakeOpenAI(models=["served"], max_rank=8, continuation=continued) as server:
        there = {"endpoints.vllm": f'{{url = "{server.url}", model = "served"}}', "ask.endpoint": "vllm"}
        runtime = FakeRuntime(tmp_path / "home", {"ask.max_distance": "0.9", **there})
        for asked in ({"question": "Who commanded the Kestrel?"}, {"question": "Who?", "base_only": True}):
            state = answer_graph(runtime).compile().invoke(asked)
            assert state == answer_graph(here).compile().invoke(asked)
    assert runtime.fake_model.asked == [], "nothing is answered in this process"
    assert list(server.adapters) == [a.id for a in runtime.ledger.current() if a.title.startswith("Kestrel")]


def test_after_rollback_the_base_answers(tmp_path: Path, source: Path) -> None:
    runtime = FakeRuntime(tmp_path / "home", {"ask.max_distance": "0.9"})
    start(runtime, source)
    kestrel = next(a for a in runtime.ledger.current() if a.title.startswith("Kestrel"))
    runtime.ledger.rollback(kestrel.id, "test")
    state = answer_graph(runtime).compile().invoke({"question": "Who commanded the Kestrel?"})
    assert state["adapter"] != kestrel.id
    assert state["answer"] == UNKNOWN


def test_the_readme_shows_the_graph_as_it_is() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    assert mermaid() in readme, "paste what `python -m graphs.studio` prints into the README"


def test_version_and_adapters_of_an_examination_belong_together(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody takes an adapter back just after the version was read."""
    runtime = FakeRuntime(tmp_path / "home")
    start(runtime, source)
    ledger, current = runtime.ledger, runtime.ledger.current
    rolled = iter([True])

    def late(base: str = "") -> list[Adapter]:
        if next(rolled, False):
            ledger.rollback(None, "test")
        return current(base)

    monkeypatch.setattr(ledger, "current", late)
    told = examine(runtime, "r1")
    asked = [a for d in ledger.documents("r1") for a in ledger.routed_answers("r1", d.id) if a.library == 1]
    assert told["library"] == 1
    assert len(asked) == told["questions"]
    assert {a.adapter for a in asked if a.routed_to != "base"} <= {adapter.id for adapter in current()}
