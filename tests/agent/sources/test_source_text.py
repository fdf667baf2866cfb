"""Normalized text, counted words and sentences."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.text.normal import count_words, cut_at_stops, first_words, normalize, one_line

# Characters that have broken text code before, mixed with any others.
AWKWARD = st.text(
    st.one_of(st.sampled_from(" \n\r\t\x0b\x0c\x85\u2028\u2029\x00\ufeff\u00ad\u0301eé。中ไ\ud800"), st.characters())
)


@given(AWKWARD)
def test_normalizing_twice_changes_nothing(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once


@given(AWKWARD)
def test_normalized_text_can_be_stored_and_shows_its_paragraphs(text: str) -> None:
    normal = normalize(text)
    assert normal.encode("utf-8").decode("utf-8") == normal
    assert unicodedata.is_normalized("NFC", normal)
    assert "\0" not in normal
    for paragraph in normal.split("\n\n") if normal else []:
        assert paragraph == " ".join(paragraph.split())
        assert paragraph


@given(
    st.lists(st.from_regex(r"[a-zäß]{1,8}", fullmatch=True)),
    st.sampled_from([" ", "\n", "\t ", "\r\n", "\n\n", "\u00a0"]),
)
def test_words_survive_any_white_space(words: list[str], space: str) -> None:
    assert normalize(space.join(words)).split() == [unicodedata.normalize("NFC", word) for word in words]


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("one\r\ntwo\r\n\r\n\r\nthree", "one two\n\nthree"),
        ("cafe\u0301", "café"),
        ("soft\u00adhyphen \ufeffmark", "softhyphen mark"),
        ("page one\x0cpage two", "page one\n\npage two"),
        ("half \ud83d character", "half \ufffd character"),
        ("北京今天\n天气很好。", "北京今天天气很好。"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\0b", "ab"),
    ],
)
def test_normalize(raw: str, normal: str) -> None:
    assert normalize(raw) == normal


def test_one_line_has_no_paragraphs() -> None:
    assert one_line(" A\n\n title ") == "A title"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("one", 1),
        ("two words", 2),
        ("مرحبا بالعالم", 2),
        ("北京今天天气很好", 4),  # 8 characters
        ("สวัสดี", 3),  # 6 characters, marks included
        ("用Python写", 2),  # two characters and one word
    ],
)
def test_count_words(text: str, words: int) -> None:
    assert count_words(text) == words


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ('He said "Go." Then he went.', ['He said "Go."', "Then he went."]),
        ("It grew by 3.5 percent, i.e. more.", ["It grew by 3.5 percent, i.e. more."]),
        ("J. R. Moss came on 4. März. He left.", ["J. R. Moss came on 4. März.", "He left."]),
        ("今天很好。真的！是吗？对", ["今天很好。", "真的！", "是吗？", "对"]),
        ("هل هذا صحيح؟ نعم.", ["هل هذا صحيح؟", "نعم."]),
    ],
)
def test_cut_at_stops(paragraph: str, expected: list[str]) -> None:
    assert list(cut_at_stops(paragraph)) == expected


@given(AWKWARD)
def test_cutting_at_stops_loses_nothing(text: str) -> None:
    for paragraph in normalize(text).split("\n\n"):
        assert "".join("".join(cut_at_stops(paragraph)).split()) == "".join(paragraph.split())


def test_first_words_stop_at_the_sentence_or_the_limit() -> None:
    assert first_words("A short one. And more.") == "A short one."
    assert first_words("a b c d e", limit=3) == "a b c\u2026"
    assert first_words("北京今天天气很好", limit=2) == "北京今天"
