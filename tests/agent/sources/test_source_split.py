"""Cutting long documents: nothing is lost, nothing is too long, questions stay with their answers."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.records import Document, Question
from agent.sources.split import split, split_text
from agent.text.normal import count_words, normalize

SPACED = st.lists(st.sampled_from(["word", "Word", "end.", "end?", "\n\n", '"Quote."', "é"]), min_size=1, max_size=80)
MIXED = st.text(st.sampled_from("中文字，。！ไทย\u0e31 abc.\n?かな"), max_size=200)


def long_text(sentence_words: int, sentences: int, paragraphs: int) -> str:
    sentence = " ".join(["Word"] * (sentence_words - 1)) + " end."
    return "\n\n".join(" ".join([sentence] * sentences) for _ in range(paragraphs))


@given(SPACED, st.integers(1, 20))
def test_the_words_of_all_parts_are_the_words_of_the_text(pieces: list[str], max_words: int) -> None:
    text = normalize(" ".join(pieces))
    parts = split_text(text, max_words)
    assert [word for part in parts for word in part.split()] == text.split()
    assert all(count_words(part) <= max_words for part in parts)


@given(MIXED, st.integers(1, 20))
def test_no_character_of_any_script_is_lost(raw: str, max_words: int) -> None:
    text = normalize(raw)
    parts = split_text(text, max_words)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(count_words(part) <= max_words for part in parts)


@given(MIXED, st.integers(1, 20))
def test_parts_are_normalized_and_never_empty(raw: str, max_words: int) -> None:
    text = normalize(raw)
    for part in split_text(text, max_words) if text else []:
        assert part == normalize(part)
        assert part


def test_a_short_document_stays_itself() -> None:
    document = Document.make("T", "Two words.", source="s")
    assert list(split(document, 2)) == [document]


def test_cuts_fall_between_paragraphs_where_they_can() -> None:
    text = long_text(10, 4, 4)  # four paragraphs of 40 words
    assert split_text(text, 90) == ["\n\n".join(text.split("\n\n")[:2])] * 2


def test_cuts_fall_between_sentences_where_a_paragraph_is_too_long() -> None:
    parts = split_text(long_text(10, 10, 1), 35)
    assert [count_words(part) for part in parts] == [30, 30, 20, 20]
    assert all(part.endswith("end.") for part in parts)


def test_a_sentence_without_end_is_cut_between_words() -> None:
    parts = split_text(" ".join(f"w{i}" for i in range(25)), 10)
    assert len(parts) == 3
    assert all(1 <= count_words(part) <= 10 for part in parts)


def test_no_tiny_part_is_left_over() -> None:
    sizes = [count_words(part) for part in split_text(long_text(10, 61, 1), 600)]  # 610 words
    assert sizes == [310, 300]


def test_chinese_is_cut_after_its_full_stops() -> None:
    text = "今天天气很好。" * 40  # 7 characters a sentence, 6 of them letters
    parts = split_text(text, 30)
    assert "".join(parts) == text
    assert all(part.endswith("。") for part in parts)


def test_thai_vowel_signs_stay_on_their_letters() -> None:
    text = "ที่" * 100
    assert all(not part.startswith(("\u0e35", "\u0e48")) for part in split_text(text, 10))


def test_parts_are_numbered_from_1_and_keep_source_and_date() -> None:
    document = Document.make("T", long_text(10, 10, 3), source="http://host/a", published="2024-01-01")
    parts = list(split(document, 100))
    assert [part.part for part in parts] == [1, 2, 3]
    assert [part.title for part in parts] == ["T (1 of 3)", "T (2 of 3)", "T (3 of 3)"]
    assert {(p.source, p.published, p.parts) for p in parts} == {("http://host/a", "2024-01-01", 3)}
    assert len({part.id for part in parts}) == 3


def test_questions_go_with_the_part_that_answers_them() -> None:
    text = "\n\n".join(["The bridge opened in 1954. " * 5, "It cost 95 crowns. " * 5, "Anna Berg built it. " * 5])
    questions = (
        Question(question="Who built it?", answer="anna  BERG"),
        Question(question="What did it cost?", answer="95"),
        Question(question="When?", answer="1954"),
        Question(question="Why?", answer="nobody knows"),
    )
    parts = list(split(Document.make("T", normalize(text), questions=questions), 25))
    assert [[q.answer for q in part.questions] for part in parts] == [["1954", "nobody knows"], ["95"], ["anna  BERG"]]


def test_a_number_inside_a_longer_one_is_no_answer() -> None:
    text = "It opened in 1954 and closed later on. " * 2 + "\n\n" + "There are 5 gates in the old wall. " * 2
    document = Document.make("T", normalize(text), questions=(Question(question="Gates?", answer="5"),))
    assert [len(part.questions) for part in split(document, 17)] == [0, 1]


def test_among_parts_with_the_answer_the_one_most_like_the_question_wins() -> None:
    text = "Mayor Berg said no to the council vote.\n\nThe vote on the harbour: Berg said yes to it."
    question = Question(question="Who said yes about the harbour?", answer="Berg")
    assert [len(p.questions) for p in split(Document.make("T", text, questions=(question,)), 10)] == [0, 1]


@pytest.mark.parametrize("max_words", [0, -1])
def test_a_limit_below_one_word_is_a_mistake(max_words: int) -> None:
    with pytest.raises(ValueError, match="max_words"):
        split_text("a b", max_words)


@pytest.mark.parametrize("unit", ["alpha beta. Gamma delta, ", "word ", "北京今天天气很好。人们出门散步"])
def test_200_000_words_are_cut_fast(unit: str) -> None:
    text = normalize(unit * (200_000 // count_words(unit)))
    start = time.process_time()
    parts = split_text(text, 600)
    assert time.process_time() - start < 2.0
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_block_is_cut_at_its_lines() -> None:
    lines = [f"    sail(lock={number}, tide='high')" for number in range(40)]
    text = "\n".join(["def sail_all():", *lines])
    parts = split_text(text, 20)
    assert "\n".join(parts) == text
    assert all(count_words(part) <= 20 for part in parts)
