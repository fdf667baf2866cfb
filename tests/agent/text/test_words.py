"""The ways to split a text into words, where they differ and where they must not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.text.normal import (
    answer_text,
    answer_words,
    block,
    count_words,
    is_block,
    normalize,
    paragraphs,
    spaced_words,
    tidy,
    wording,
    words,
)  # fmt: skip

TEXT = st.text(max_size=60)


@pytest.mark.parametrize(
    ("split", "text", "found"),
    [
        (words, "The mill's 6,200 staff", "the mill s 6 200 staff"),
        (answer_words, "The mill's 6,200 staff", "mill s 6200 staff"),
        (spaced_words, "The mill's 6,200 staff", "The mill's 6,200 staff"),
        (words, "北京 2024", "北 京 2024"),
        (answer_words, "北京 2024", "北 京 2024"),
        (spaced_words, "北京 2024", "北京 2024"),
        (words, "a_b ½ ﬁn", "a_b ½ fin"),
        (answer_words, "a_b ½ ﬁn", "b 1 2 fin"),
        (words, "กรุงเทพ", "ก ร ุ ง เ ท พ"),
        (words, " \n-", ""),
        (answer_words, "the", ""),
    ],
)
def test_what_is_a_word(split: Callable[[str], list[str]], text: str, found: str) -> None:
    assert split(text) == found.split()


@given(TEXT)
def test_splitting_what_was_split_changes_nothing(text: str) -> None:
    assert answer_text(answer_text(text)) == answer_text(text)
    assert wording(wording(text)) == wording(text)
    assert spaced_words(" ".join(spaced_words(text))) == spaced_words(text)


@given(st.text(st.characters(max_codepoint=0x24F), max_size=60))
def test_where_words_are_spaced_as_many_are_counted(text: str) -> None:
    assert count_words(text) == len(spaced_words(text))


def test_marks_without_width_leave_no_gap_and_no_second_spelling() -> None:
    assert (
        tidy("zero\u200bwidth word\u2060joiner f\u2061(x) soft\u00adhyphen") == "zerowidth wordjoiner f(x) softhyphen"
    )
    assert (
        tidy("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645") == "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    ), "Persian needs its joiners"


@given(st.text(st.sampled_from("ab .\n\t\u3042\x0c")))
def test_tidying_twice_changes_nothing(text: str) -> None:
    once = tidy(text)
    assert tidy(once) == once
    assert wording(once) == wording(text)
    assert "\n\n\n" not in once


def test_a_block_keeps_its_lines_and_what_indents_them_within() -> None:
    code = block("    while tide:\n\n\tsail()  \n        wait()")
    assert code == "while tide:\nsail()\n    wait()"
    assert is_block(code)
    assert paragraphs(f"Prose is\u00a0plain.\n\n{code}\n\nMore of it.") == ["Prose is plain.", code, "More of it."]
    assert normalize(code) == "while tide: sail() wait()"


def test_a_block_of_one_line_is_a_plain_paragraph() -> None:
    assert block("\n   sail()   now \n") == "sail() now"
    assert not is_block(tidy("sail()\n"))
