"""A document that comes again with questions is measured and learned with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.ports import Ledger
from agent.records import Document, RunKind
from agent.strategies.checking import check
from agent.text.normal import wording
from evals.probes.making import make_probes
from graphs.context import Context
from graphs.ingest.reading import KNOWN, TWICE
from graphs.library.winners import take_back
from graphs.measure.evidence import probes_of
from tests.fakes.engine import FakeModel, question_of
from tests.fakes.house import ARTICLES, FakeContext, known_answers, write_articles
from tests.graphs.ingesting import NeverTrains, came, ingest

BARE: list[dict[str, Any]] = [{"title": a["title"], "text": a["text"]} for a in ARTICLES]
LENIENT = {"gate.min_probes": "2", "gate.alpha": "0.6"}
"""Where no questions came, the articles have few held-out probes."""
OTHER = {"model.name": "other-base"}


def knowing(_: Context) -> FakeModel:
    """A model that could also answer what seal asks where no questions came."""
    bare = [probe for a in BARE for probe in make_probes(Document.make(a["title"], a["text"]))]
    return FakeModel(known_answers() | {probe.question: probe.answer for probe in bare})


def at(home: Path, overrides: dict[str, str] | None = None, **others: Any) -> FakeContext:
    return FakeContext(home, LENIENT | (overrides or {}), **{"model": knowing, **others})


def learn(
    context: FakeContext, run: str, *sources: Path, kind: RunKind = "ingest", goes_on: bool = False
) -> dict[str, list[str]]:
    """What was said of each document while it was read, by title."""
    ingest(context, *sources, run=run, kind=kind, goes_on=goes_on, config=context.config.recorded())
    context.ledger.finish_run(run, "done", {})
    said: dict[str, list[str]] = {}
    for event in context.ledger.events(run):
        if event.step == "read-item":
            said.setdefault(event.subject, []).append(event.message)
    return said


def given(ledger: Ledger, run: str, document: str) -> list[str]:
    return [probe.question for probe in probes_of(ledger, run, document) if probe.kind == "given"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "bare.jsonl", BARE)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "whole.jsonl")


def test_it_is_learned_again_with_its_questions_once(home: Path, bare: Path, whole: Path) -> None:
    ledger = (first := at(home)).ledger
    learn(first, "r1", bare)
    assert set(came(first, "r1")) == {"published"}
    before = {d.id: ledger.probes(d.id) for d in ledger.documents()}
    said = learn(at(home), "r2", whole)
    why = "4 questions came that were not there when it was learned: it is learned again with them"
    assert said == {str(a["title"]): [why] for a in ARTICLES}
    assert set(map(str, ledger.outcomes("r2").values())) == {"published"}
    for document, article in zip(ledger.documents("r2"), ARTICLES, strict=True):
        assert given(ledger, "r2", document.id) == [q["question"] for q in article["questions"]]
        assert given(ledger, "r1", document.id) == []
        assert ledger.probes(document.id)[: len(before[document.id])] == before[document.id], "no probe changes halves"
        answered = {a.probe for a in ledger.routed_answers("r2", document.id)}
        assert answered == {p.id for p in probes_of(ledger, "r2", document.id) if not p.recall}
    assert [a.run for a in ledger.current()] == ["r2", "r2"], "one adapter a document answers"
    assert len(ledger.library()) == 4
    assert len(ledger.winners()) == 2
    for number, source in enumerate((whole, bare), start=3):
        again = at(home)
        said = learn(again, f"r{number}", source)
        assert (again.fake_trainer.trained, said) == ([], {str(a["title"]): [KNOWN.kind] for a in ARTICLES})


@pytest.mark.parametrize(
    ("settings", "outcome"),
    [
        ({}, "rejected"),
        ({"gate.alpha": "1e-30"}, "too few probes (right answers to all that the base misses could be luck)"),
    ],
)
def test_a_second_attempt_that_is_not_published_leaves_the_first_its_place(
    settings: dict[str, str], outcome: str, home: Path, bare: Path, whole: Path
) -> None:
    ledger = (first := at(home)).ledger
    learn(first, "r1", bare)
    current, winners = ledger.current(), ledger.winners()
    again = at(home, settings)
    reward_half = [q for article in ARTICLES for q in article["questions"][::2]]
    again.fake_model.answers = {q["question"]: q["answer"] for q in reward_half}
    learn(again, "r2", whole)
    assert set(came(again, "r2")) == {outcome}
    assert (ledger.current(), ledger.winners()) == (current, winners)
    assert {json.loads(line)["candidate"] for line in again.config.dataset_path.read_text().splitlines()} == {
        winner.candidate for winner in winners
    }


def test_no_answer_is_asked_for_in_a_second_way(home: Path, bare: Path, whole: Path) -> None:
    ledger = (context := at(home)).ledger
    learn(context, "r1", bare)
    learn(at(home), "r2", whole)
    replaced = 0
    for document in ledger.documents():
        answers = {q.answer for q in document.questions}
        assert answers.isdisjoint(p.answer for p in probes_of(ledger, "r2", document.id) if p.kind != "given")
        replaced += sum(p.answer in answers for p in ledger.probes(document.id) if p.kind == "parsed")
    assert replaced > 0, "there was something to replace"


def test_a_question_that_asks_what_a_probe_asked_takes_its_half(home: Path, bare: Path, whole: Path) -> None:
    """What has rewarded once, also in practice, must not prove anything later."""
    ledger = (context := at(home)).ledger
    learn(context, "r1", bare)
    first = {d.id: {wording(p.least): p.half for p in ledger.probes(d.id) if not p.recall} for d in ledger.documents()}
    learn(at(home), "r2", whole)
    asked = [(d, p) for d in first for p in ledger.probes(d) if p.kind == "given" and wording(p.least) in first[d]]
    assert {p.half for _, p in asked} == {"reward", "heldout"}, "there was something to keep"
    assert [p.half for _, p in asked] == [first[d][wording(p.least)] for d, p in asked]


def test_what_is_trained_anew_does_not_repeat_them(home: Path, bare: Path, tmp_path: Path) -> None:
    """Here the questions are some that the document was trained on before they came."""
    ledger = (context := at(home)).ledger
    learn(context, "r1", bare)
    articles: list[dict[str, Any]] = []
    for document in ledger.documents():
        trained = {
            question_of(e.prompt): e.completion.strip()
            for edit in ledger.self_edits("r1", document.id) for e in edit.examples if "Question: " in e.prompt
        }  # fmt: skip
        assert len(trained) >= 4
        questions = [{"question": q, "answer": a} for q, a in list(trained.items())[:4]]
        articles.append({"title": document.title, "text": document.text, "questions": questions})
    learn(at(home), "r2", write_articles(tmp_path / "trained.jsonl", articles))

    def repeated(run: str) -> int:
        return sum(
            len(check(document, edit.examples, probes_of(ledger, "r2", document.id))[1])
            for document in ledger.documents() for edit in ledger.self_edits(run, document.id)
        )  # fmt: skip

    assert repeated("r1") > 0
    assert repeated("r2") == 0


@pytest.mark.parametrize("kind", ["ingest", "ingest --again"])
def test_what_was_taken_back_stays_back_unless_a_person_asks(
    kind: RunKind, home: Path, bare: Path, whole: Path
) -> None:
    ledger = (context := at(home)).ledger
    learn(context, "r1", bare)
    (gone,) = take_back(context, None, "made up a name")
    said = learn(at(home), "r2", whole, kind=kind)
    asks = kind == "ingest --again"
    assert (said[gone.title] == [KNOWN.kind]) is not asks
    assert (gone.document in {a.document for a in ledger.current()}) is asks
    assert len(given(ledger, "r2", gone.document)) == (4 if asks else 0)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("order", [1, -1])
def test_they_are_found_wherever_in_the_sources_they_stand(
    order: int, known: bool, home: Path, bare: Path, whole: Path
) -> None:
    ledger = (context := at(home)).ledger
    if known:
        learn(context, "r1", bare)
    said = learn(at(home), "r2", *[bare, whole][::order])
    assert (TWICE in said[str(ARTICLES[0]["title"])]) is not (known and order == 1)
    for document in ledger.documents("r2"):
        assert len(given(ledger, "r2", document.id)) == 4
    assert set(map(str, ledger.outcomes("r2").values())) == {"published"}


def cut_off_in_training(home: Path, run: str, source: Path) -> Ledger:
    context = at(home, trainer=lambda _: NeverTrains(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        learn(context, run, source)
    return context.ledger


@pytest.mark.parametrize("checkpoints", [True, False])
def test_a_run_that_was_cut_off_goes_on_with_them(checkpoints: bool, home: Path, bare: Path, whole: Path) -> None:
    ledger = (context := at(home)).ledger
    learn(context, "r1", bare)
    cut_off_in_training(home, "r2", whole)
    for path in [] if checkpoints else home.glob("checkpoints.sqlite*"):
        path.unlink()
    learn(at(home), "r2", whole, goes_on=True)
    assert set(map(str, ledger.outcomes("r2").values())) == {"published"}
    assert all(len(given(ledger, "r2", d.id)) == 4 for d in ledger.documents("r2"))
    assert len(ledger.library()) == 4


def test_a_run_that_is_in_the_middle_keeps_to_what_it_measured(home: Path, bare: Path, whole: Path) -> None:
    """Here another base learns the document with questions while the first one is cut off."""
    ledger = cut_off_in_training(home, "r1", bare)
    first = ledger.documents("r1")[0].id
    before = probes_of(ledger, "r1", first)
    learn(at(home, OTHER), "r2", whole)
    assert len(given(ledger, "r2", first)) == 4
    learn(at(home), "r1", bare, goes_on=True)
    assert probes_of(ledger, "r1", first) == before
    assert str(ledger.outcomes("r1")[first]) == "published"
    champion = next(c.id for c in ledger.candidates("r1", first) if ledger.decision(c.id))
    assert {s.probe for s in ledger.scores("r1", champion, first)} == {p.id for p in before}
