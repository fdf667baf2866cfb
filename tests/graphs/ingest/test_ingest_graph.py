"""The real graph over a fake engine: routing, bookkeeping, resume."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.errors import AnswerError, SourceError, StoreError, TrainerError
from agent.ledger import SqlLedger
from agent.ports import Query
from agent.records import Adapter, Example, RoutedAnswer
from evals.meters.retention import items
from evals.probes.scoring import MAX_TOKENS
from graphs.ask.graph import answer_graph
from graphs.library.unfinished import cut_off
from graphs.measure.examine import examine
from graphs.runs.flows import INGEST
from graphs.runs.life import take_up
from graphs.studio import mermaid
from graphs.tracing import STEP
from graphs.wiring import find_strategies
from tests.fakes.engine import UNKNOWN, FakeModel
from tests.fakes.house import ARTICLES, FakeContext, known_answers, write_articles
from tests.fakes.openai_server import FakeOpenAI
from tests.graphs.ingesting import NeverTrains, came, ingest, ledger_of

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


NO_SPACE = TrainerError("cannot save the adapter: No space left on device", "free some disk space")


def ask(context: FakeContext, question: str, **how: Any) -> dict[str, Any]:
    """The state in which the answer graph ends."""
    return answer_graph().compile().invoke({"question": question, **how}, context=context)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "articles.jsonl")


def test_every_document_is_learned_and_published_once(tmp_path: Path, source: Path) -> None:
    context = FakeContext(tmp_path / "home")
    ingest(context, source)
    ledger = context.ledger
    assert set(came(context)) == {"published"}
    assert len(ledger.current()) == len(ledger.winners()) == context.memory.count() == 2
    assert len(context.config.dataset_path.read_text().splitlines()) == 2
    assert list(context.config.work_dir.iterdir()) == [], "the folders of candidates are swept"
    assert all(Path(a.path).is_dir() and Path(a.path).name == a.id for a in ledger.current())


def test_the_trace_tells_every_step_of_every_document(tmp_path: Path, source: Path) -> None:
    context = FakeContext(tmp_path / "home")
    ingest(context, source)
    for document in context.ledger.documents("r1"):
        steps = [e.step for e in context.ledger.events("r1") if e.document == document.id]
        assert list(dict.fromkeys(steps)) == list(NODES)
        assert steps.count("write") == context.config.plan.candidates


def test_the_second_document_recalls_the_first(tmp_path: Path, source: Path) -> None:
    context = FakeContext(tmp_path / "home")
    ingest(context, source)
    recalls = [e.data["recalled"] for e in context.ledger.events("r1") if e.step == "recall"]
    assert recalls[0] == []
    assert [r["title"] for r in recalls[1]] == [ARTICLES[0]["title"]]


def test_a_second_run_does_nothing(tmp_path: Path, source: Path) -> None:
    first = FakeContext(tmp_path / "home")
    ingest(first, source)
    second = FakeContext(tmp_path / "home")
    ingest(second, source, run="r2")
    assert second.fake_trainer.trained == []
    assert [e.status for e in second.ledger.events("r2") if e.step == "read-item"] == ["skipped", "skipped"]
    assert len(second.ledger.library()) == 2


def test_resume_without_checkpoints_goes_on_from_the_ledger(tmp_path: Path, source: Path) -> None:
    context = FakeContext(tmp_path / "home", trainer=lambda _: NeverTrains(NO_SPACE))
    with pytest.raises(TrainerError):
        ingest(context, source)
    for path in context.config.home.glob("checkpoints.sqlite*"):
        path.unlink()
    again = FakeContext(tmp_path / "home")
    ingest(again, source, goes_on=True)
    assert set(came(again)) == {"published"}


def test_a_trainer_error_stops_the_run_and_is_recorded(tmp_path: Path, source: Path) -> None:
    context = FakeContext(tmp_path / "home", trainer=lambda _: NeverTrains(NO_SPACE))
    with pytest.raises(TrainerError, match="No space left"):
        ingest(context, source)
    (failed,) = [e for e in context.ledger.events("r1") if e.status == "failed"]
    assert failed.step == "train"
    assert "No space left" in failed.message
    assert context.ledger.outcomes("r1") == {}


def test_a_candidate_that_fails_in_training_gets_no_score(tmp_path: Path, source: Path) -> None:
    context = FakeContext(tmp_path / "home")
    context.fake_trainer.fail = {"cloze"}
    ingest(context, source)
    for candidate in (c for c in context.ledger.candidates("r1") if not c.members):
        reward = context.ledger.reward(candidate.id)
        assert (reward is None) == (candidate.strategy == "cloze")


def test_where_all_training_fails_the_document_is_closed_and_the_next_goes_on(tmp_path: Path, source: Path) -> None:
    context = FakeContext(tmp_path / "home")
    context.fake_trainer.fail = {"passage", "sentences", "cloze", "facts"}
    ingest(context, source)
    assert came(context) == ["failed: no candidate could be trained"] * 2
    assert [e.status for e in context.ledger.events("r1") if e.step == "train"] == ["failed"] * 2
    assert context.ledger.winners() == []
    assert context.ledger.current() == []


def test_a_writer_that_fails_loses_only_its_own_plan(tmp_path: Path, source: Path) -> None:
    class Broken:
        name, description, needs_model, needs_english, epochs, prior = "cloze", "", False, True, 1, 1.0

        def write(self, *_: Any) -> list[Example]:
            raise AnswerError("the model refused")

    context = FakeContext(tmp_path / "home", strategies=lambda config: {**find_strategies(config), "cloze": Broken()})
    ingest(context, source)
    planned = [p.strategy for d in context.ledger.documents("r1") for p in context.ledger.plans("r1", d.id)]
    trained = [c.strategy for c in context.ledger.candidates("r1") if not c.members]
    assert "cloze" in planned
    assert sorted(trained) == sorted(s for s in planned if s != "cloze")
    failed = [e.message for e in context.ledger.events("r1") if e.status == "failed"]
    assert failed == ["the model refused"] * planned.count("cloze")


def test_a_document_of_one_word_is_closed_without_training(tmp_path: Path) -> None:
    path = write_articles(tmp_path / "one.jsonl", [{"title": "Hm", "text": "Hm", "questions": []}])
    context = FakeContext(tmp_path / "home")
    ingest(context, path)
    assert came(context) == ["too short to learn from"]
    assert context.fake_trainer.trained == []


def test_a_document_without_probes_is_closed_without_training(tmp_path: Path) -> None:
    article = {"title": "磨坊", "text": "奥林磨坊开业。安娜经营它。", "questions": []}
    path = write_articles(tmp_path / "zh.jsonl", [article])
    context = FakeContext(tmp_path / "home")
    ingest(context, path)
    assert came(context) == ["nothing to measure with in this language (zh)"]
    assert context.fake_trainer.trained == []


def test_figures_that_are_not_numbers_are_failures_not_rewards(tmp_path: Path, source: Path) -> None:
    context = FakeContext(tmp_path / "home")
    context.fake_model.broken = True
    ingest(context, source)
    assert came(context) == ["failed: no candidate could be measured"] * 2
    assert context.ledger.strategy_rewards("packaged") == {}


def test_one_bad_source_of_two_is_reported_and_the_other_read(tmp_path: Path, source: Path) -> None:
    context = FakeContext(tmp_path / "home")
    ingest(context, tmp_path / "missing.txt", source)
    assert set(came(context)) == {"published"}
    assert any("missing.txt" in e.message for e in context.ledger.events("r1") if e.status == "failed")


def test_after_the_last_document_every_question_goes_through_the_router(tmp_path: Path, source: Path) -> None:
    context = FakeContext(tmp_path / "home", {"ask.max_distance": "0.9"})
    ingest(context, source)
    ledger = context.ledger
    owner = {a.id: a.document for a in ledger.current()}
    for document in ledger.documents("r1"):
        answers = {a.probe: a for a in ledger.routed_answers("r1", document.id)}
        probes = [p for p in ledger.probes(document.id) if not p.recall]
        assert answers.keys() == {p.id for p in probes}
        for probe in probes:
            found, asked = answers[probe.id], ask(context, probe.question)
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
    context = FakeContext(tmp_path / "home", {"ask.max_distance": "0.01"})
    ingest(context, source)
    told = context.ledger.events("r1")[-1].data
    assert (told["base"], told["right"], told["library"]) == (told["questions"], 0, 2)


def test_nothing_published_is_examined_with_the_base(tmp_path: Path, source: Path) -> None:
    context = FakeContext(tmp_path / "home", {"gate.max_kl": "0"})
    ingest(context, source)
    told = context.ledger.events("r1")[-1].data
    assert (told["base"], told["library"]) == (told["questions"], 0)


def test_the_examination_asks_everything_in_one_call_and_once(tmp_path: Path, source: Path) -> None:
    calls: list[int] = []

    class Counting(FakeModel):
        def answer(self, queries: Sequence[Query], max_tokens: int = 24) -> list[str]:
            assert max_tokens == MAX_TOKENS, "before and after are cut alike"
            calls.append(len(queries))
            return ["?"] * len(queries)

    ingest(FakeContext(tmp_path / "home"), source)
    context = FakeContext(tmp_path / "home", model=lambda _: Counting())
    before = [context.ledger.routed_answers("r1", d.id) for d in context.ledger.documents("r1")]
    told = examine(context, "r1")
    assert calls == []
    context.ledger.rollback(None, "test")
    again = examine(context, "r1")
    assert calls == [told["questions"]]
    assert (told["library"], again["library"]) == (2, 1)
    assert [context.ledger.routed_answers("r1", d.id)[: len(b)] for d, b in zip(
        context.ledger.documents("r1"), before, strict=True)] == before  # fmt: skip


def test_a_run_without_new_documents_asks_nothing(tmp_path: Path, source: Path) -> None:
    ingest(FakeContext(tmp_path / "home"), source)

    def load(*_: Any) -> Any:
        raise AssertionError("nothing is to be loaded")

    refused: dict[str, Any] = dict.fromkeys(("model", "trainer", "embedder", "router"), load)
    again = FakeContext(tmp_path / "home", **refused)
    ingest(again, source, run="r2")
    assert again.ledger.events("r2")[-1].data["questions"] == 0


class CutBefore(FakeModel):
    """Asked in the examination, the process is stopped."""

    def answer(self, queries: Sequence[Query], max_tokens: int = 24) -> list[str]:
        if STEP.get()[1] == "examine":
            raise KeyboardInterrupt
        return super().answer(queries, max_tokens)


class CutAfter(SqlLedger):
    """With all answers of the examination written down, the process is stopped."""

    def add_routed_answers(self, run: str, answers: Iterable[RoutedAnswer]) -> None:
        super().add_routed_answers(run, answers)
        raise KeyboardInterrupt


CUTS: dict[str, dict[str, Any]] = {
    "before": {"model": lambda _: CutBefore(known_answers())}, "after": {"ledger": ledger_of(CutAfter)},
}  # fmt: skip


@pytest.mark.parametrize("when", CUTS)
def test_a_run_cut_off_in_the_examination_goes_on_with_it(when: str, tmp_path: Path, source: Path) -> None:
    broken = FakeContext(tmp_path / "home", **CUTS[when])
    with pytest.raises(KeyboardInterrupt):
        ingest(broken, source)
    asked = [a for d in broken.ledger.documents("r1") for a in broken.ledger.routed_answers("r1", d.id)]
    assert bool(asked) == (when == "after")
    broken.ledger.finish_run("r1", "stopped", {})
    assert cut_off(broken.ledger, [str(source)], "packaged", "ingest") == "r1"
    again = FakeContext(tmp_path / "home")
    ingest(again, source, goes_on=True)
    assert again.fake_trainer.trained == []
    for document in again.ledger.documents("r1"):
        knowledge = [p.id for p in again.ledger.probes(document.id) if not p.recall]
        assert [a.probe for a in again.ledger.routed_answers("r1", document.id)] == knowledge
    again.ledger.finish_run("r1", "done", {})
    assert cut_off(again.ledger, [str(source)], "packaged", "ingest") is None


def test_nothing_readable_is_an_error(tmp_path: Path) -> None:
    context = FakeContext(tmp_path / "home")
    with pytest.raises(SourceError, match=r"missing\.txt"):
        ingest(context, tmp_path / "missing.txt")


def test_unknown_run_is_an_error_that_names_the_latest(tmp_path: Path, source: Path) -> None:
    context = FakeContext(tmp_path / "home")
    ingest(context, source)
    with pytest.raises(StoreError, match="nope") as caught:
        take_up(INGEST, context, "nope")
    assert "r1" in caught.value.mend


def test_ask_routes_to_the_document_and_base_is_asked_the_same(tmp_path: Path, source: Path) -> None:
    context = FakeContext(tmp_path / "home", {"ask.max_distance": "0.9"})
    ingest(context, source)
    state = ask(context, "Who commanded the Kestrel?")
    adapter = next(a for a in context.ledger.current() if a.id == state["adapter"])
    assert adapter.title == "Kestrel Ferry Sinks"
    assert (state["answer"], state["base_answer"]) == ("Ilse Brandt", UNKNOWN)
    plain = ask(context, "Who commanded the Kestrel?", base_only=True)
    assert (plain["adapter"], plain["answer"]) == ("", UNKNOWN)
    adapted, beside, alone = context.fake_model.asked[-3:]
    assert adapted.adapter is not None
    assert alone == beside == Query(adapted.prompt), "the base is asked what the adapter is asked"


def test_general_questions_are_measured_as_they_are_asked(tmp_path: Path, source: Path) -> None:
    context = FakeContext(tmp_path / "home", {"ask.max_distance": "2"})
    ingest(context, source)
    item = items()[0]
    for base_only in (True, False):
        state = ask(context, item.question, base_only=base_only)
        assert bool(state["adapter"]) != base_only
        assert state["title"]
        assert context.fake_model.asked[-1].prompt == item.routed(state["title"])


def test_ask_through_a_server_gives_the_same_answers(tmp_path: Path, source: Path) -> None:
    ingest(FakeContext(tmp_path / "home"), source)
    here = FakeContext(tmp_path / "home", {"ask.max_distance": "0.9"})

    def continued(model: str, prompt: str) -> str:
        loaded = server.adapters.get(model)
        return here.fake_model.answer([Query(prompt, Path(loaded) if loaded else None)])[0]

    with FakeOpenAI(models=["served"], max_rank=8, continuation=continued) as server:
        there = {"endpoints.vllm": f'{{url = "{server.url}", model = "served"}}', "ask.endpoint": "vllm"}
        context = FakeContext(tmp_path / "home", {"ask.max_distance": "0.9", **there})
        for question, how in (("Who commanded the Kestrel?", {}), ("Who?", {"base_only": True})):
            assert ask(context, question, **how) == ask(here, question, **how)
    assert context.fake_model.asked == [], "nothing is answered in this process"
    assert list(server.adapters) == [a.id for a in context.ledger.current() if a.title.startswith("Kestrel")]


def test_after_rollback_the_base_answers(tmp_path: Path, source: Path) -> None:
    context = FakeContext(tmp_path / "home", {"ask.max_distance": "0.9"})
    ingest(context, source)
    kestrel = next(a for a in context.ledger.current() if a.title.startswith("Kestrel"))
    context.ledger.rollback(kestrel.id, "test")
    state = ask(context, "Who commanded the Kestrel?")
    assert state["adapter"] != kestrel.id
    assert state["answer"] == UNKNOWN


def test_the_readme_shows_the_graph_as_it_is() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    assert mermaid() in readme, "paste what `python -m graphs.studio` prints into the README"


def test_version_and_adapters_of_an_examination_belong_together(tmp_path: Path, source: Path) -> None:
    """Somebody takes an adapter back just after the version was read."""
    rolled = iter([True])

    class Late(SqlLedger):
        def current(self, base: str | None = None) -> list[Adapter]:
            if next(rolled, False):
                self.rollback(None, "test")
            return super().current(base)

    ingest(FakeContext(tmp_path / "home"), source)
    context = FakeContext(tmp_path / "home", ledger=ledger_of(Late))
    ledger = context.ledger
    told = examine(context, "r1")
    asked = [a for d in ledger.documents("r1") for a in ledger.routed_answers("r1", d.id) if a.library == 1]
    assert told["library"] == 1
    assert len(asked) == told["questions"]
    assert {a.adapter for a in asked if a.routed_to != "base"} <= {adapter.id for adapter in ledger.current()}
