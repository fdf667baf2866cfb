"""Which probes count for what, over every kind of probe that there is."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest

from agent.records import Document, Example, Half, Probe, ProbeKind, ProbeSet, Question, Score
from agent.strategies.checking import check
from evals.probes.making import make_probes
from tests.fakes.house import ARTICLES

DOCUMENTS = [
    Document.make(str(a["title"]), str(a["text"]), questions=tuple(Question.model_validate(q) for q in a["questions"]))
    for a in ARTICLES
]
ALL = ProbeSet.of(
    Probe.make("d", kind, half, f"Which {kind} {half} {recall} thing is it?", f"{kind} {half} {recall}", recall=recall)
    for kind, half, recall in product(get_args(ProbeKind), get_args(Half), (False, True))
)


def score(probe: Probe, subject: str = "base") -> Score:
    return Score(probe=probe.id, subject=subject, answer="", correct=0, method="contains", f1=0, logprob=-1)


@pytest.mark.parametrize(
    ("choice", "kinds", "halves", "recall"),
    [
        (ALL.given, {"given"}, {"reward", "heldout"}, {False, True}),
        (ALL.knowledge, set(get_args(ProbeKind)), {"reward", "heldout"}, {False}),
        (ALL.recall, set(get_args(ProbeKind)), {"reward", "heldout"}, {True}),
        (ALL.untrainable, set(get_args(ProbeKind)), {"reward", "heldout"}, {False}),
        (ALL.asked_in_practice, set(get_args(ProbeKind)), {"reward"}, {False, True}),
        (ALL.asked_in_test, set(get_args(ProbeKind)), {"reward", "heldout"}, {False}),
        (ALL.rewarding, set(get_args(ProbeKind)), {"reward"}, {False}),
        (ALL.held_out, set(get_args(ProbeKind)), {"heldout"}, {False}),
    ],
)
def test_who_counts_is_told_by_kind_half_and_recall(
    choice: ProbeSet, kinds: set[str], halves: set[str], recall: set[bool]
) -> None:
    """And in their order: a choice moves nothing."""
    assert list(choice) == [p for p in ALL if p.kind in kinds and p.half in halves and p.recall in recall]
    assert len(choice) == len(kinds) * len(halves) * len(recall)


def test_a_held_out_probe_never_gives_a_reward() -> None:
    for few in (ALL, ALL.given, ALL.recall, ALL.held_out, ProbeSet()):
        assert not {p.id for p in few.rewarding} & {p.id for p in few.held_out}
    assert not ALL.held_out.rewarding
    assert not ALL.recall.held_out


def test_recall_gives_the_reward_only_where_there_is_nothing_else() -> None:
    assert ALL.recall.rewarding == ALL.asked_in_practice.recall
    assert len(ALL.recall.rewarding) == 4
    assert list(ProbeSet.of([*ALL.recall, *ALL.given.knowledge]).rewarding) == [ALL.probes[0]]


def test_measured_are_those_that_everybody_has_a_score_for() -> None:
    first, second, third, *_ = ALL
    base, own = [score(first), score(second)], [score(third, "c"), score(second, "c")]
    assert list(ALL.measured(base)) == [first, second]
    assert list(ALL.measured(own, base)) == [second]
    assert not ALL.measured(base, [])
    assert ALL.measured() == ALL


def test_what_is_untrainable_is_what_the_check_refuses() -> None:
    document = Document.make("A thing", " ".join(p.answer for p in ALL))
    said = {p: Example(prompt=p.question, completion=f" {p.answer}") for p in ALL}
    _, refused = check(document, said.values(), ALL)
    assert [r.example for r in refused] == [said[p] for p in ALL.untrainable]


def test_questions_that_come_later_replace_what_they_ask() -> None:
    for document in DOCUMENTS:
        bare = make_probes(document.model_copy(update={"questions": ()}))
        whole = make_probes(document, written=[("Who is new?", "Tom Arkwright")])
        assert list(ProbeSet.of(bare).in_use) == bare
        assert list(ProbeSet.of(whole).in_use) == whole, "there is nothing to replace where they came at once"
        late = ProbeSet.of([*bare, *(p for p in whole if p.kind == "given")]).in_use
        assert [p for p in late if p.kind == "given"] == [p for p in whole if p.kind == "given"]
        answers = {q.answer for q in document.questions}
        assert [p for p in late if p.kind != "given"] == [p for p in bare if p.answer not in answers]
        assert len(late) < len(bare) + len(answers)


def test_a_given_question_replaces_written_ones_of_its_words_or_its_answer() -> None:
    given, written = (Probe.make("d", kind, "reward", "Who runs it?", "Anna Moss") for kind in ("given", "written"))
    other = Probe.make("d", "written", "heldout", "Who is in charge?", "Anna Moss")
    assert ProbeSet((written, other, given)).in_use == ProbeSet((given,))
