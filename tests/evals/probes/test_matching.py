from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.text.normal import answer_text
from evals.probes.matching import contains, f1

TEXT = st.text(max_size=60)


@pytest.mark.parametrize(
    ("answer", "reference", "right"),
    [
        ("It was Anna Moss.", "anna moss", True),
        ("6,200 people", "6200", True),
        ("6200", "6,200", True),
        ("the mill", "The Mill", True),
        ("Annabel", "Anna", False),
        ("162", "62", False),
        ("", "Anna", False),
        ("anything", "the", False),
        ("İstanbul", "istanbul", False),
        ("北京", "北京", True),
        ("北京是中国的首都。", "北京", True),
        ("上海是中国的首都。", "北京", False),
        ("工場では62人が働く", "62人", True),
        ("工場では162人が働く", "62人", False),
        ("เมืองหลวงคือกรุงเทพมหานคร", "กรุงเทพ", True),
        ("เมืองหลวงคือเชียงใหม่", "กรุงเทพ", False),
    ],
)
def test_contains(answer: str, reference: str, right: bool) -> None:
    assert contains(answer, reference) is right


def test_f1_goes_by_characters_where_words_are_not_spaced() -> None:
    assert f1("北京市", "北京") == pytest.approx(0.8)
    assert f1("上海", "北京") == 0.0


@given(TEXT)
def test_normalizing_twice_is_normalizing_once(text: str) -> None:
    assert answer_text(answer_text(text)) == answer_text(text)


@given(TEXT, TEXT)
def test_f1_is_a_share_and_symmetric(one: str, other: str) -> None:
    assert 0.0 <= f1(one, other) <= 1.0
    assert f1(one, other) == pytest.approx(f1(other, one))


@given(TEXT)
def test_what_equals_itself_is_contained_and_full_f1(text: str) -> None:
    if answer_text(text):
        assert contains(text, text)
        assert f1(text, text) == 1.0


@given(TEXT, TEXT, TEXT)
def test_an_answer_with_words_around_it_is_contained(before: str, answer: str, after: str) -> None:
    if answer_text(answer):
        assert contains(f"{before} . {answer} . {after}", answer) or answer_text(f"{before} . {answer}") != " ".join(
            (answer_text(before) + " " + answer_text(answer)).split()
        )
