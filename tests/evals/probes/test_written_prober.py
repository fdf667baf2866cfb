"""Questions that a model writes: which ones pass, and why the others do not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from agent.errors import AnswerError, EndpointError
from agent.models.chat import OpenAIChat
from agent.records import Document, Question
from evals.probes.chat import WrittenProber
from tests.fakes.chat import FakeChat, failing_chat
from tests.fakes.openai_server import Asked, FakeOpenAI

MILL = Document.make("Ashby Mill", "The Ashby mill opened in 1904. Anna Moss, its owner, hired 85 people from Paris.")
OWNER = Question(question="Who owned the Ashby mill?", answer="Anna Moss")

Answers = Callable[[str, bool], str]
"""What the model answers to a question, with (True) or without the document in view."""


def model(questions: list[Question], answers: Answers) -> Callable[[str, str], str]:
    def answer(system: str, user: str) -> str:
        if "Write " in user:
            return json.dumps({"questions": [question.model_dump() for question in questions]})
        asked = next(q.question for q in questions if q.question in user)
        return answers(asked, MILL.text in user)

    return answer


def from_table(table: Mapping[str, str], known: Mapping[str, str] | None = None) -> Answers:
    return lambda asked, in_view: table[asked] if in_view else (known or {}).get(asked, "unknown")


def test_a_question_is_kept_that_only_the_document_answers() -> None:
    chat = FakeChat(model([OWNER], from_table({OWNER.question: "Anna Moss."})))
    written = WrittenProber(chat, 3).write(MILL)
    assert (written.kept, written.refused) == ([OWNER], [])
    assert sum(MILL.text in user for _, user, _ in chat.asked) == 3
    assert len(chat.asked) == 4


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (Question(question="Who owned the Ashby mill?", answer="Tom Hale"), "does not stand in the document"),
        (Question(question="How many people?", answer="8"), "does not stand in the document"),
        (Question(question="Was Anna Moss the owner?", answer="Anna Moss"), "gives its answer away"),
        (Question(question="Who?", answer=" .,"), "is empty"),
        (Question(question=" ", answer="1904"), "is empty"),
    ],
)
def test_what_can_be_seen_without_asking_costs_no_request(question: Question, reason: str) -> None:
    chat = FakeChat(model([question], from_table({})))
    written = WrittenProber(chat, 3).write(MILL)
    assert not written.kept
    assert [(q, reason in why) for q, why in written.refused] == [(question, True)]
    assert len(chat.asked) == 1


def test_a_question_is_refused_that_is_not_answered_twice() -> None:
    answers = iter(["Anna Moss", "Tom Hale"])
    chat = FakeChat(model([OWNER], lambda asked, in_view: next(answers)))
    assert "twice" in WrittenProber(chat, 3).write(MILL).refused[0][1]


def test_a_question_is_refused_that_is_answered_without_the_document() -> None:
    known = {OWNER.question: "Anna Moss"}
    chat = FakeChat(model([OWNER], from_table(known, known)))
    assert "without the document" in WrittenProber(chat, 3).write(MILL).refused[0][1]


@pytest.mark.parametrize("mute_in_view", [True, False])
def test_a_check_without_an_answer_refuses_its_question_alone(mute_in_view: bool) -> None:
    year = Question(question="When did the Ashby mill open?", answer="1904")

    def answers(asked: str, in_view: bool) -> str:
        if asked == OWNER.question and in_view == mute_in_view:
            raise AnswerError("endpoint 'main' gave an empty answer")
        return {OWNER.question: "Anna Moss", year.question: "1904"}[asked] if in_view else "unknown"

    written = WrittenProber(FakeChat(model([OWNER, year], answers)), 3).write(MILL)
    assert written.kept == [year]
    assert written.refused == [(OWNER, "could not be checked: endpoint 'main' gave an empty answer")]


def test_the_same_question_is_kept_once() -> None:
    again = Question(question="who owned the Ashby Mill", answer="Anna Moss")
    chat = FakeChat(model([OWNER, again], from_table({OWNER.question: "Anna Moss"})))
    written = WrittenProber(chat, 3).write(MILL)
    assert written.kept == [OWNER]
    assert written.refused == [(again, "asks the same as another")]


def test_no_more_questions_are_taken_than_asked_for() -> None:
    year = Question(question="When did the Ashby mill open?", answer="1904")
    chat = FakeChat(model([OWNER, year], from_table({OWNER.question: "Anna Moss"})))
    written = WrittenProber(chat, 1).write(MILL)
    assert (written.kept, written.refused) == ([OWNER], [])


@pytest.mark.parametrize("answer", ["no", "{}", '{"questions": "none"}', '{"questions": [{"question": "Who?"}]}'])
def test_nonsense_instead_of_questions_is_an_error(answer: str) -> None:
    with pytest.raises(AnswerError, match="no list of questions"):
        WrittenProber(FakeChat(lambda system, user: answer), 3).write(MILL)


def test_an_endpoint_that_fails_is_not_hidden() -> None:
    with pytest.raises(EndpointError, match="down"):
        WrittenProber(failing_chat(), 3).write(MILL)


def test_it_works_over_a_real_connection() -> None:
    answer = model([OWNER], from_table({OWNER.question: "Anna Moss"}))

    def serve(asked: Asked) -> str:
        assert (asked.schema is not None) == ("Write " in asked.user)
        return answer(asked.system, asked.user)

    with FakeOpenAI(serve) as server:
        chat = OpenAIChat("writer", server.url, "fake-model", None)
        assert WrittenProber(chat, 3).write(MILL).kept == [OWNER]
