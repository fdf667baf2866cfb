from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import pytest

from agent.records import Document, Example, Question
from agent.strategies import all_strategies
from agent.strategies.checking import check, repeats
from agent.text.normal import wording, words
from agent.text.parsing import facts
from agent.text.questions import questions
from evals.probes.making import make_probes
from evals.probes.turning import ENOUGH, PARSED, Turned, turn
from tests.fakes.house import ARTICLES

DOCUMENTS = [
    Document.make(str(a["title"]), str(a["text"]), questions=tuple(Question.model_validate(q) for q in a["questions"]))
    for a in ARTICLES
]


SELLERS = ("Anna", "Bram", "Cora", "Dirk", "Edda", "Finn", "Gerd", "Hugo", "Ines", "Jost")
WOODS = ("oak", "ash", "elm", "lime", "pine", "larch", "beech", "birch", "maple", "cedar")
SALES = " ".join(
    f"{seller} Moss sold {20 + n} barrels of {wood} tar to the council in {1901 + n}."
    for n, (seller, wood) in enumerate(zip(SELLERS, WOODS, strict=True))
)
"""Ten sentences of which nothing is in doubt."""
REPAIRS = " ".join(f"Two engineers from Brevik repaired the {wood} lock in {1901 + n}." for n, wood in enumerate(WOODS))
"""Ten sentences with one of several as their subject."""


def test_most_probes_of_knowledge_go_to_the_gate() -> None:
    """Without some of them it can publish nothing; a reward of none of them ranks by the wording alone."""
    halves = [p.half for p in make_probes(Document.make("News", SALES)) if p.kind == "parsed"]
    assert halves[:5] == ["heldout", "heldout", "reward", "heldout", "heldout"]
    assert len(halves) / 2 < halves.count("heldout") < len(halves)
    bridges = "The oak bridge opened on 4 March 2031. The ash bridge opened on 5 May 2031."
    assert [p.half for p in make_probes(Document.make("News", bridges)) if p.kind == "parsed"] == ["heldout"] * 2


def test_halves_are_taken_in_turn_over_all_kinds() -> None:
    asked = tuple(Question(question=f"Who is number {n}?", answer=f"Anna {n}") for n in range(2))
    made = make_probes(Document.make("News", SALES, questions=asked), written=[("Who else is there?", "Bram")])
    knowledge = [(p.kind, p.half) for p in made if not p.recall]
    assert knowledge[:4] == [("given", "heldout"), ("given", "heldout"), ("written", "reward"), ("parsed", "heldout")]


def test_cloze_probes_go_to_both_halves_alike() -> None:
    halves = [p.half for p in make_probes(DOCUMENTS[0]) if p.kind == "cloze"]
    assert len(halves) >= 2
    assert abs(halves.count("reward") - halves.count("heldout")) <= 1


def test_an_answer_is_asked_for_once() -> None:
    for document in DOCUMENTS:
        answers = [wording(p.least) for p in make_probes(document) if not p.recall]
        assert len(answers) == len(set(answers))


def test_what_a_given_answer_holds_is_not_asked_for_again() -> None:
    told = "The animal of the caves measures only 11 millimetres. It was found by Emeric Oyelund in 2031."
    for answer in ("11 millimetres", "11"):
        asked = (Question(question="How big is the animal?", answer=answer),)
        parsed = {p.answer for p in make_probes(Document.make("News", told, questions=asked)) if p.kind == "parsed"}
        assert "only 11" not in parsed
        assert parsed


def turned(document: Document, answers: Collection[str] = ()) -> list[Turned]:
    return turn(document, answers)[0]


def test_what_is_refused_is_counted_by_its_reason() -> None:
    told = "Anna Moss bought the old mill in 2031."
    for text, answers in (
        (REPAIRS, ()),
        (f"In what year did Anna Moss buy the old mill? {told}", ()),
        (told, {"2031"}),
    ):
        document = Document.make("News", text)
        kept, refused = turn(document, answers)
        assert len(kept) + refused.total() == len(questions("News", text)), text
    assert turn(Document.make("News", REPAIRS))[1]["others are surer"] > 0
    assert (
        turn(Document.make("News", f"In what year did Anna Moss buy the old mill? {told}"))[1]["worded as the text"] > 0
    )
    assert turn(Document.make("News", told), {"2031"})[1]["answer asked for already"] == 1
    counted: Counter[str] = Counter()
    make_probes(Document.make("News", REPAIRS), refused=counted)
    assert counted == turn(Document.make("News", REPAIRS))[1]


def test_sure_questions_are_turned_out_of_as_many_sentences_as_there_are() -> None:
    found = turned(Document.make("News", SALES))
    assert len(found) == PARSED < len(questions("News", SALES))
    assert len({one.sentence for one in found[: len(SELLERS)]}) == len(SELLERS)
    assert all(one.doubts == () for one in found)


def test_doubtful_questions_come_last_and_only_until_there_are_enough() -> None:
    assert len(turned(Document.make("News", REPAIRS))) == ENOUGH < len(questions("News", REPAIRS))
    some = ". ".join(SALES.split(". ")[:2]) + "."
    sure = [one for one in turned(Document.make("News", some)) if not one.doubts]
    mixed = turned(Document.make("News", f"{REPAIRS} {some}"))
    assert mixed[: len(sure)] == sure
    assert len(sure) < len(mixed) == ENOUGH
    counted = [len(one.doubts) for one in mixed]
    assert counted == sorted(counted)
    assert not any(one.doubts for one in turned(Document.make("News", f"{REPAIRS} {SALES}")))


def test_an_answer_is_turned_into_one_question_and_into_none_where_it_is_given() -> None:
    text = "Anna Moss bought the old mill in 2031. Tom Arkwright sold the tidal lock in 2031."
    document = Document.make("News", text)
    assert [one.question for one in turned(document) if one.answer == "2031"] == [
        "In what year did Anna Moss buy the old mill?"
    ]
    assert {one.answer for one in turned(document)} - {
        one.answer for one in turned(document, {"2031", "old mill"})
    } == {
        "2031",
        "old mill",
    }


def test_of_the_wordings_one_is_taken_that_does_not_stand_in_the_document() -> None:
    """The sentence holds eight words in a row of the fullest."""
    text = "Anna Moss bought the old mill from Brindle Foods in 2031."
    buyer = next(one for one in turned(Document.make("News", text)) if one.answer == "Anna Moss")
    assert buyer.question == "Who was it that bought the old mill from Brindle Foods?"
    assert buyer.doubts == ("left out",)


def test_what_the_document_asks_itself_is_not_asked() -> None:
    told = "The oak bridge opened on 4 March 2031."
    question = "When did the oak bridge open?"
    assert [one.question for one in turned(Document.make("News", told))] == [question]
    assert turned(Document.make("News", f"{question} {told}")) == []
    for document in (*DOCUMENTS, Document.make("News", SALES), Document.make("News", REPAIRS)):
        assert not any(repeats(words(document.text), one.question) for one in turned(document))


def test_nothing_is_asked_for_that_the_title_gives_away() -> None:
    """Every prompt names the title as its topic."""
    text = "Velsund Harbour has built a tidal lock with 14 engineers. Tora Lindqvist designed it in Brevik."
    titled, untitled = (
        {p.answer for p in make_probes(Document.make(title, text))}
        for title in ("Velsund Harbour Gets a Tidal Lock", "News")
    )
    assert untitled - titled == {"Velsund Harbour", "tidal lock"}
    assert titled


def test_probes_are_the_same_every_time() -> None:
    assert make_probes(DOCUMENTS[1]) == make_probes(DOCUMENTS[1])


def test_cloze_probes_are_recall_and_the_others_are_not() -> None:
    for probe in make_probes(DOCUMENTS[0]):
        assert probe.recall == (probe.kind == "cloze")
        assert probe.kind != "cloze" or ("____" in probe.question and probe.answer not in probe.question)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who is in charge of the Orrin mill?", "Anna Moss"),
        ("who is in charge of the Orrin  Mill", "62 workers"),
        ("Who leads the workers from Dunmore?", "anna moss."),
    ],
)
def test_a_written_question_is_left_out_where_a_given_one_asks_it_or_for_its_answer(question: str, answer: str) -> None:
    """In other words or letters it is the same piece of evidence, and may stand in the other half."""
    made = make_probes(DOCUMENTS[0], written=[(question, answer), ("Who is new?", "Brindle Foods")])
    assert [(p.question, p.answer) for p in made if p.kind == "written"] == [("Who is new?", "Brindle Foods")]
    assert [p.kind for p in made if p.question == DOCUMENTS[0].questions[0].question] == ["given"]
    assert all(p.answer != "Brindle Foods" for p in made if p.kind == "parsed")


def test_rivals_are_the_other_facts_of_the_answers_kind() -> None:
    of = {p.answer: p.alike for p in make_probes(DOCUMENTS[0]) if p.kind == "given"}
    names = {f.answer for f in facts(DOCUMENTS[0].text) if f.answer[0].isupper()}
    assert names - {"Anna Moss", "Orrin"} == set(of["Anna Moss"]), "those that the question names are none"
    assert all(p.rivals == len(p.alike) > 0 for p in make_probes(DOCUMENTS[1]) if p.kind == "given")


def test_rivals_do_not_depend_on_which_kinds_of_probes_are_made() -> None:
    usual, alone = make_probes(DOCUMENTS[0]), make_probes(DOCUMENTS[0], parsed=False, cloze=False)
    assert alone == [p for p in usual if p.kind == "given"]


def test_where_nothing_is_parsed_the_answers_to_other_questions_are_rivals() -> None:
    pairs = {"Wer leitet die Mühle?": "Anna Moos", "Wer deckte das Dach?": "Tom Acker", "Wann öffnete sie?": "1904"}
    text = "Die Mühle wurde 1904 eröffnet, und sie wird von Anna Moos geleitet. Das Dach wurde von Tom Acker gedeckt."
    assert facts(text) == []
    given = tuple(Question(question=question, answer=answer) for question, answer in pairs.items())
    made = make_probes(Document.make("Die Mühle", text, questions=given))
    assert {p.answer: p.alike for p in made} == {"Anna Moos": ("Tom Acker",), "Tom Acker": ("Anna Moos",), "1904": ()}


def test_distractors_are_other_facts_of_the_document() -> None:
    for document in DOCUMENTS:
        for probe in make_probes(document):
            assert bool(probe.distractors) == (probe.kind == "cloze"), probe.question
            for text in probe.distractors:
                assert text in document.text
                assert text.casefold() not in probe.answer.casefold()
                assert probe.answer.casefold() not in text.casefold()


def test_parsed_questions_leave_out_what_given_questions_ask() -> None:
    for document in DOCUMENTS:
        given = {q.answer.casefold() for q in document.questions}
        assert not given & {p.answer.casefold() for p in make_probes(document) if p.kind == "parsed"}


def test_parsed_questions_do_not_stand_in_the_document() -> None:
    """Else the check would refuse the document's own sentences."""
    for document in DOCUMENTS:
        sentences = [Example(completion=f"{sentence}\n") for sentence in document.text.split(". ")]
        assert check(document, sentences, make_probes(document))[1] == ()


def test_no_knowledge_probe_is_ever_trained_on() -> None:
    """Invariant 2, over every strategy that needs no model."""
    for document in DOCUMENTS:
        probes = make_probes(document)
        for strategy in all_strategies().values():
            if strategy.needs_model:
                continue
            passed, _ = check(document, strategy.write(document, "", None), probes)
            assert passed, strategy.name
            for probe in probes:
                asked = " ".join(probe.question.casefold().split()).rstrip("?")
                assert probe.recall or not any(asked in " ".join(e.text.casefold().split()) for e in passed)


def test_other_scripts_give_only_the_questions_that_came() -> None:
    text = "奥林磨坊于2031年3月4日开业。安娜·莫斯经营它。" * 3
    document = Document.make("磨坊", text, questions=(Question(question="谁经营磨坊？", answer="安娜·莫斯"),))
    assert [p.kind for p in make_probes(document)] == ["given"]
