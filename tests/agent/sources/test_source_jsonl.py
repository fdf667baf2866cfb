"""JSONL with questions: broken lines are failures that name the line, the others are read."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document, Question
from agent.sources import read
from agent.sources.formats.jsonl import JsonlSource
from agent.sources.payload import Payload
from agent.sources.wrapping import unwrap

GOOD = '{"title": "Bridge", "text": "It opened."}'
NAMES = st.sampled_from(["title", "text", "questions", "source", "question", "answer", "other"])
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner),
    max_leaves=8,
)


def parse(data: str | bytes) -> list[Document | Failure]:
    return list(JsonlSource().parse(Payload("news.jsonl", data.encode() if isinstance(data, str) else data)))


def test_a_line_is_a_document_with_questions() -> None:
    line = {
        "title": "Bridge", "text": "It opened  in 1954.\n\nIt is long.", "source": "http://host/1",
        "questions": [{"question": "When did it open?", "answer": "1954"}], "id": 7,
    }  # fmt: skip
    (document,) = parse(json.dumps(line))
    assert document == Document.make(
        "Bridge", "It opened in 1954.\n\nIt is long.", source="http://host/1",
        questions=(Question(question="When did it open?", answer="1954"),),
    )  # fmt: skip


def test_without_a_source_the_line_is_the_source() -> None:
    first, second = parse(f"{GOOD}\n\n{GOOD}")
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert (first.source, second.source) == ("news.jsonl line 1", "news.jsonl line 3")


def test_without_a_title_the_first_words_are_the_title() -> None:
    (document,) = parse('{"title": null, "text": "The bridge has opened. More."}')
    assert isinstance(document, Document)
    assert document.title == "The bridge has opened"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nonsense", "not JSON: "),
        ('{"title": "T", "text": "cut o', "not JSON: "),
        ("[1]", "the value is not an object"),
        ('{"title": "T"}', "text is missing"),
        ('{"text": 5}', "text is not a string"),
        ('{"text": "  "}', "text is empty"),
        ('{"text": "\\u0000"}', "holds no text"),
        ('{"title": 5, "text": "a b"}', "title is not a string"),
        ('{"text": "a b", "questions": {}}', "questions is not a list"),
        ('{"text": "a b", "questions": ["Who?"]}', "questions[0] is not an object"),
        ('{"text": "a b", "questions": [{"question": "Q", "answer": ""}]}', "questions[0].answer is empty"),
        ('{"text": "a b", "questions": [{"question": "Q", "answer": true}]}', "questions[0].answer is not a string"),
        ("[" * 100_000, "nested too deeply"),
        ('{"text": ' + "1" * 5_000 + "}", "not JSON: "),
    ],
)
def test_a_wrong_line_is_a_failure_that_names_it(line: str, reason: str) -> None:
    items = parse(f"{GOOD}\n{line}\n{GOOD}\n")
    assert [type(item) for item in items] == [Document, Failure, Document]
    assert isinstance(items[1], Failure)
    assert items[1].where == "news.jsonl line 2"
    assert reason in items[1].reason


def test_a_wrong_question_beside_good_ones_fails_alone() -> None:
    asked = [
        {"question": "When?", "answer": 1954},
        {"question": "Who?", "answer": ""},
        {"question": "?", "answer": 2.5},
    ]
    document, failure = parse(json.dumps({"text": "It opened.", "questions": asked}))
    assert isinstance(document, Document)
    assert [question.answer for question in document.questions] == ["1954", "2.5"]
    assert failure == Failure("news.jsonl line 1", "questions[1].answer is empty")


def test_failures_before_the_first_document_keep_their_place() -> None:
    assert [type(item) for item in parse(f"x\n{GOOD}\ny\n")] == [Failure, Document, Failure]


def test_bytes_that_are_not_utf8_fail_their_line_only() -> None:
    items = parse(GOOD.encode() + b'\n{"text": "caf\xe9 au lait"}\n' + GOOD.encode())
    assert [type(item) for item in items] == [Document, Failure, Document]
    assert isinstance(items[1], Failure)
    assert "not UTF-8" in items[1].reason


@pytest.mark.parametrize("data", [GOOD.encode("utf-8-sig"), GOOD.encode("utf-16"), GOOD.replace("}", "}\r\n").encode()])
def test_marks_and_line_ends_of_other_systems_are_read(data: bytes) -> None:
    (document,) = parse(data)
    assert isinstance(document, Document)
    assert document.text == "It opened."


def test_a_line_separator_inside_a_string_ends_no_line() -> None:
    (document,) = parse('{"text": "One\u2028two\x85 three."}')
    assert isinstance(document, Document)
    assert document.text == "One two three."


@pytest.mark.parametrize("data", ["x\ny\n", "\n  \n", '{"title": "T"}'])
def test_no_good_line_at_all_is_an_error_that_shows_the_shape(data: str) -> None:
    with pytest.raises(SourceError, match=r"news\.jsonl has no line that can be read") as raised:
        parse(data)
    assert '"questions": [{"question"' in raised.value.mend


def test_binary_is_an_error() -> None:
    with pytest.raises(SourceError, match="binary"):
        parse(b"\x1f\x8b\x08\x00\x00\x00")


@given(st.lists(JSON | st.just({"text": "a good line"}), max_size=5))
def test_any_json_is_a_document_a_failure_or_an_error(values: list[Any]) -> None:
    lines = [json.dumps(value) for value in values]
    with suppress(SourceError):
        assert len(parse("\n".join(lines))) >= len(values)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_with_its_lines_put_together(text: str, title: str) -> None:
    if told := unwrap(text):
        (document,) = parse(json.dumps({"title": title, "text": text}))
        assert isinstance(document, Document)
        heading, _, below = told.partition("\n\n")
        assert document.text == told or (document.title, document.text) == (heading, below)
        assert document.title


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_an_error(data: bytes) -> None:
    with suppress(SourceError):
        assert parse(data)


def test_a_long_line_comes_in_parts_with_its_questions(tmp_path: Path) -> None:
    text = "The bridge is old and long. " * 20 + "\n\n" + "It cost 95 crowns in all. " * 20
    line = {"title": "Bridge", "text": text, "questions": [{"question": "What did it cost?", "answer": "95 crowns"}]}
    file = tmp_path / "long.jsonl"
    file.write_text(json.dumps(line))
    first, second = read(str(file), max_words=120)
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert (first.part, first.parts, len(first.questions)) == (1, 2, 0)
    assert (second.part, second.parts, len(second.questions)) == (2, 2, 1)
    assert first.source == second.source == f"{file} line 1"
