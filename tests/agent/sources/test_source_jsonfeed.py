"""JSON Feed 1.0 and 1.1, with questions under "_seal"."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document, Question
from agent.sources.formats.jsonfeed import JsonFeedSource
from agent.sources.payload import Payload


def parse(*items: Any, version: str = "https://jsonfeed.org/version/1.1") -> list[Document | Failure]:
    return parse_text(json.dumps({"version": version, "title": "News", "items": items}))


def parse_text(text: str) -> list[Document | Failure]:
    return list(JsonFeedSource().parse(Payload("feed.json", text.encode())))


def one(item: dict[str, Any]) -> Document:
    (document,) = parse(item)
    assert isinstance(document, Document)
    return document


@pytest.mark.parametrize("version", ["https://jsonfeed.org/version/1", "https://jsonfeed.org/version/1.1"])
def test_both_versions_are_read(version: str) -> None:
    (document,) = parse({"id": "1", "content_text": "The bridge opened."}, version=version)
    assert isinstance(document, Document)
    assert document.text == "The bridge opened."


def test_an_item_has_title_text_link_and_date() -> None:
    item = {"id": "1", "title": "A <b> & c", "url": "http://host/1", "date_published": "2024-01-02T03:04:05Z"}
    document = one({**item, "content_html": "<p>One <b>bold</b> word.</p><p>Two.</p>"})
    assert (document.title, document.text) == ("A <b> & c", "One bold word.\n\nTwo.")
    assert (document.source, document.published) == ("http://host/1", "2024-01-02T03:04:05+00:00")


def test_plain_text_keeps_its_signs_and_paragraphs() -> None:
    assert (
        one({"id": 1, "content_text": "If a < b & c > d,\n\nthen <i>so</i>."}).text
        == "If a < b & c > d,\n\nthen <i>so</i>."
    )


def test_the_summary_serves_where_there_is_no_content() -> None:
    assert one({"id": "1", "content_html": " ", "summary": "In short: open."}).text == "In short: open."


def test_questions_come_with_the_item() -> None:
    seal = {"questions": [{"question": " Who? ", "answer": "Anna"}], "about": "ignored"}
    document = one({"id": "1", "content_text": "Anna built it.", "_seal": seal})
    assert document.questions == (Question(question="Who?", answer="Anna"),)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("text", "the value is not an object"),
        ({"content_text": 5}, "content_text is not a string"),
        ({"content_text": "a b", "_seal": {"questions": [{"question": "Q"}]}}, "_seal.questions[0].answer is missing"),
        ({"content_text": "a b", "_seal": {"questions": 3}}, "_seal.questions is not a list"),
        ({"title": "Only a title"}, "the entry has only a title or a link, and no text of its own; leave it out"),
    ],
)
def test_a_wrong_item_is_a_failure_and_the_rest_is_read(item: Any, reason: str) -> None:
    first, second = parse(item, {"content_text": "The bridge opened."})
    assert first == Failure("feed.json item 1", reason)
    assert isinstance(second, Document)


def test_a_wrong_question_beside_good_ones_fails_alone() -> None:
    asked = [{"question": "Who?", "answer": "Anna"}, {"question": "When?"}]
    document, failure = parse({"content_text": "Anna built it.", "_seal": {"questions": asked}})
    assert isinstance(document, Document)
    assert document.questions == (Question(question="Who?", answer="Anna"),)
    assert failure == Failure("feed.json item 1", "_seal.questions[1].answer is missing")


def test_an_item_of_only_a_link_names_the_page() -> None:
    (item,) = parse({"id": "1", "external_url": "http://host/9"})
    assert isinstance(item, Failure)
    assert (item.where, item.reason.endswith("read the page itself: http://host/9")) == ("http://host/9", True)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ('{"version": "https://jsonfeed.org/version/1", "items": [{"id', "is not JSON, or is cut off"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"a": 1}\n{"a": 2}\n', "holds several JSON values"),
        ('{"a": ' + "1" * 5_000 + "}", "cannot be read as JSON"),
        ("[1, 2]", "is JSON but not a JSON Feed"),
        ('{"title": "x", "items": []}', "names no jsonfeed.org version"),
        ('{"version": "https://jsonfeed.org/version/1"}', "has no list of items"),
        ('{"version": "https://jsonfeed.org/version/1", "items": []}', "without entries"),
    ],
)
def test_what_is_no_json_feed_is_an_error(text: str, cause: str) -> None:
    with pytest.raises(SourceError, match=cause) as raised:
        parse_text(text)
    assert raised.value.mend


def test_half_a_character_is_replaced() -> None:
    (document,) = parse_text(
        '{"version": "https://jsonfeed.org/version/1", "items": [{"content_text": "a smile \\ud83d here"}]}'
    )
    assert isinstance(document, Document)
    assert document.text == "a smile \ufffd here"
