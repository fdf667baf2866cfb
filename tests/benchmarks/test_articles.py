"""Invented articles: the same from the same seed, others from another, and worded as practice needs them."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from agent.records import Document
from agent.sources import read
from agent.text.language import is_english
from agent.text.normal import words
from benchmarks.articles import MOST, STYLES, articles, fits, main

GRAMMAR_WORDS = {"which", "where", "whose"}
"""Of five letters and more, in question and sentence alike."""


@cache
def many() -> tuple[Document, ...]:
    return tuple(articles(200, 3))


def kind(document: Document) -> str:
    return document.source.split("/")[1]


def style(document: Document) -> str:
    return document.source.split("/")[2]


def sentences(document: Document) -> list[str]:
    return re.split(r"(?<=\.)\s+", document.text)


def runs(text: str, size: int) -> set[tuple[str, ...]]:
    known = words(text)
    return {tuple(known[i : i + size]) for i in range(len(known) - size + 1)}


def stands(answer: str, text: str) -> int:
    """How often it does, as it is written."""
    return len(re.findall(rf"(?<!\w){re.escape(answer)}(?!\w)", text))


def test_a_seed_always_gives_the_same_and_few_are_the_first_of_many() -> None:
    assert articles(20, 4) == articles(20, 4)
    assert articles(10, 4) == articles(20, 4)[:10]
    assert articles(10, 4) != articles(10, 5)
    assert articles(0, 4) == []


def test_seeds_share_nothing() -> None:
    one, two = articles(60, 1), articles(60, 2)
    assert {d.title for d in one} & {d.title for d in two} == set()
    asked = [{(q.question, q.answer) for d in documents for q in d.questions} for documents in (one, two)]
    assert asked[0] & asked[1] == set()


def test_no_two_are_alike_and_no_name_comes_twice() -> None:
    assert len({d.title for d in many()}) == len(many())
    assert len({q.question for d in many() for q in d.questions}) == 6 * len(many())
    asked = [q for d in many() for q in d.questions if re.match(r"Who(?:se|m)?\b", q.question)]
    names = Counter(q.answer for q in asked if q.answer.istitle())
    assert len(names) > 200
    assert [name for name, count in names.items() if count > 1] == []


def test_every_kind_and_style_has_its_share() -> None:
    kinds, styles = Counter(map(kind, many())), Counter(map(style, many()))
    assert len(kinds) >= 12
    assert max(kinds.values()) - min(kinds.values()) <= 1
    assert styles.keys() == set(STYLES)
    assert min(styles.values()) > 45


def test_length_and_number_of_questions() -> None:
    for document in many():
        assert 45 <= len(document.text.split()) <= 75, document
        assert 4 <= len(sentences(document)) <= 6, document
        assert len(document.questions) == 6
        assert is_english(document.text)


def test_styles_differ() -> None:
    def longest(document: Document) -> int:
        return max(len(sentence.split()) for sentence in sentences(document))

    assert all(longest(d) <= 22 for d in many() if style(d) == "plain")
    assert all(sum(len(s.split()) >= 14 for s in sentences(d)) >= 2 for d in many() if style(d) == "woven")
    verbs = re.compile(r"\b(?:is|are|was|were|has|have|had|will|must)\b")
    assert [d.text for d in many() if style(d) == "notes" and verbs.search(d.text)] == []
    assert all((":" in d.text) == (style(d) == "notes") for d in many())


def test_answers_stand_in_the_text_and_nowhere_else() -> None:
    for document in many():
        answers = [q.answer for q in document.questions]
        assert len({a.casefold() for a in answers}) == 6
        elsewhere = " | ".join((document.title, *(q.question for q in document.questions))).casefold()
        for answer in answers:
            assert 1 <= len(answer.split()) <= 4
            assert stands(answer, document.text) == 1, (answer, document.text)
            assert not stands(answer.casefold(), elsewhere), (answer, elsewhere)


def test_questions_are_worded_unlike_the_text() -> None:
    for document in many():
        named = set(words(document.title)).intersection(*(words(q.question) for q in document.questions))
        assert any(len(word) > 4 for word in named), document
        about = {*words(document.title), kind(document)} | GRAMMAR_WORDS
        for q in document.questions:
            assert not runs(q.question, 4) & runs(document.text, 4), (q.question, document.text)
            told = next(sentence for sentence in sentences(document) if stands(q.answer, sentence))
            shared = {w for w in words(q.question) if len(w) >= 5} & set(words(told))
            assert shared <= about, (q.question, told)


def test_what_breaks_a_rule_does_not_fit() -> None:
    good = many()[0]
    first, *others = good.questions
    assert fits(good)
    for question in (
        first.model_copy(update={"answer": "nowhere to be found"}),
        first.model_copy(update={"answer": others[0].answer}),
        first.model_copy(update={"question": f"Is it {first.answer}?"}),
        first.model_copy(update={"question": " ".join(good.text.split()[:4])}),
    ):
        assert not fits(good.model_copy(update={"questions": (question, *others)}))
    assert not fits(good.model_copy(update={"title": first.answer}))
    assert not fits(good.model_copy(update={"text": f"{good.text} {good.text}"}))


def test_articles_and_capitals_are_right() -> None:
    for document in many():
        assert not re.search(r"\b[Aa] (?:[aeiou]|8|11\b|18\b)|\b[Aa]n (?![aeiou]|hour|8|11\b|18\b)", document.text)
        assert not re.search(r"[{}]|  |\.\.", document.text)
        assert all(sentence[0].isupper() for sentence in sentences(document)), document.text


def test_the_lines_are_read_as_they_were_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--count", "30", "--seed", "6"])
    printed, path = capsys.readouterr().out, tmp_path / "articles.jsonl"
    assert [set(json.loads(line)) for line in printed.splitlines()] == [{"title", "text", "questions"}] * 30
    path.write_text(printed, encoding="utf-8")
    found = list(read(str(path), max_words=200))
    assert [(d.id, d.questions) for d in found if isinstance(d, Document)] == [
        (d.id, d.questions) for d in articles(30, 6)
    ]


def test_more_than_there_are_names_for_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="at most"):
        articles(MOST + 1, 1)
    with pytest.raises(SystemExit):
        main(["--count", "-1"])
    assert "--count must be at most" in capsys.readouterr().err
