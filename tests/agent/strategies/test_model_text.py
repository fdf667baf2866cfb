"""The parsers of what models write: every habit of models seen so far, and any text at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.strategies.model_text import parse_lines, parse_pairs

THREE = ["The mill opened in 1904.", "It employed 85 people.", "A. Moss owned it until 1931."]

LISTS = {
    "plain": "{0}\n{1}\n{2}",
    "blank lines": "{0}\n\n{1}\n\n{2}\n",
    "numbers": "1. {0}\n2. {1}\n3. {2}",
    "brackets": "1) {0}\n2) {1}\n3) {2}",
    "both brackets": "(1) {0}\n(2) {1}\n(3) {2}",
    "letters": "a) {0}\nb) {1}\nc) {2}",
    "hyphens": "- {0}\n- {1}\n- {2}",
    "bullets": "  • {0}\n  • {1}\n  • {2}",
    "numbered bullets": "- 1. {0}\n- 2. {1}\n- 3. {2}",
    "bold": "1. **{0}**\n2. **{1}**\n3. **{2}**",
    "italics": "* *{0}*\n* _{1}_\n* {2}",
    "fence": "```text\n1. {0}\n2. {1}\n3. {2}\n```",
    "introduction": "Sure! Here are the implications:\n\n1. {0}\n2. {1}\n3. {2}",
    "introduction without a colon": "Here are three statements.\n{0}\n{1}\n{2}",
    "introduction in bold": "**Implications of the passage:**\n- {0}\n- {1}\n- {2}",
    "heading": "# Implications\n\n{0}\n{1}\n{2}",
    "bold headings": "**The mill**\n- {0}\n- {1}\n**Its owner**\n- {2}",
    "labels": "Implication 1: {0}\nImplication 2: {1}\nImplication 3: {2}",
    "labels on their own": "**Rewrite 1:**\n{0}\n\n**Rewrite 2:**\n{1}\n\n**Rewrite 3:**\n\n{2}",
    "numbers on their own": "1.\n{0}\n2.\n{1}\n3.\n{2}",
    "closing words": "1. {0}\n2. {1}\n3. {2}\n\nThese follow from the passage.",
    "offer": "{0}\n{1}\n{2}\n\nLet me know if you want more!",
    "rules": "---\n{0}\n---\n{1}\n***\n{2}",
    "repeated": "{0}\n{1}\n{0}\n{2}\n{1}",
    "cut off": "1. {0}\n2. {1}\n3. {2}\n4. The mill was sold to a comp",
    "windows": "1. {0}\r\n2. {1}\r\n3. {2}\r\n",
}


@pytest.mark.parametrize("form", LISTS.values(), ids=LISTS.keys())
def test_statements_come_out_bare(form: str) -> None:
    assert parse_lines(form.format(*THREE)) == THREE


def test_a_wrapped_item_is_one_statement() -> None:
    assert parse_lines("1. The mill opened\n   in 1904.\n2. It closed in 1931.") == [
        "The mill opened in 1904.",
        "It closed in 1931.",
    ]


@pytest.mark.parametrize("line", ["1984 was a dry year.", "2.5 million people came.", "-5 degrees were measured."])
def test_a_number_that_belongs_to_the_sentence_stays(line: str) -> None:
    assert parse_lines(line) == [line]


def test_text_without_full_stops_loses_nothing() -> None:
    assert parse_lines("- mill opened 1904\n- mill closed 1931") == ["mill opened 1904", "mill closed 1931"]


@pytest.mark.parametrize("text", ["", "\n\n", "```\n```", "1.\n2.\n", "Here are the implications:", "ok"])
def test_nothing_to_learn_gives_nothing(text: str) -> None:
    assert parse_lines(text) == []
    assert parse_pairs(text) == []


PAIRS = [("Who owned the mill?", "Anna Moss"), ("When did it open?", "in 1904")]

FORMS = {
    "asked for": "Question: {q0}\nAnswer: {a0}\nQuestion: {q1}\nAnswer: {a1}",
    "numbered": "Question 1: {q0}\nAnswer 1: {a0}\n\nQuestion 2: {q1}\nAnswer 2: {a1}",
    "short": "Q: {q0}\nA: {a0}\n\nQ: {q1}\nA: {a1}",
    "short numbered": "Q1. {q0}\nA1. {a0}\nQ2. {q1}\nA2. {a1}",
    "one line": "1. Question: {q0} Answer: {a0}\n2. Question: {q1} Answer: {a1}",
    "one line short": "- Q: {q0} A: {a0}\n- Q: {q1} A: {a1}",
    "bold": "**Question 1:** {q0}\n**Answer:** {a0}\n\n**Question 2:** {q1}\n**Answer:** {a1}",
    "bold whole": "**Q: {q0}**\n**A: {a0}**\n**Q: {q1}**\n**A: {a1}**",
    "bold on one line": "**Question:** {q0} **Answer:** {a0}\n**Question:** {q1} **Answer:** {a1}",
    "headings": "### Question 1: {q0}\n{a0}\n\n### Question 2: {q1}\n{a1}",
    "no labels": "1. {q0}\n   {a0}\n2. {q1}\n   {a1}",
    "bulleted answers": "1. {q0}\n   - {a0}\n2. {q1}\n   - {a1}",
    "answer label only": "1. {q0}\nAnswer: {a0}\n2. {q1}\nAnswer: {a1}",
    "labels on their own": "Question:\n{q0}\nAnswer:\n{a0}\n\nQuestion:\n{q1}\nAnswer:\n{a1}",
    "around": "Sure! Here are the questions:\n\nQ: {q0}\nA: {a0}\n\nQ: {q1}\nA: {a1}\n\nI hope this helps!",
    "fence": "```\nQ: {q0}\nA: {a0}\nQ: {q1}\nA: {a1}\n```",
    "offer": "Q: {q0}\nA: {a0}\nQ: {q1}\nA: {a1}\n\nWould you like more?",
    "without an answer": "Q: {q0}\nA: {a0}\nQ: {q1}\nA: {a1}\nQ: Who bought the",
    "twice": "Q: {q0}\nA: {a0}\nQ: {q1}\nA: {a1}\nQ: {q0}\nA: {a0}",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_pairs_come_out_bare(form: str) -> None:
    (q0, a0), (q1, a1) = PAIRS
    assert parse_pairs(form.format(q0=q0, a0=a0, q1=q1, a1=a1)) == PAIRS


def test_an_answer_over_two_lines_stays_whole() -> None:
    assert parse_pairs("Q: Who?\nA: Anna Moss and\nTom Hale\n\nThat was it.") == [("Who?", "Anna Moss and Tom Hale")]


def test_a_cut_off_answer_is_left_out_where_the_others_are_sentences() -> None:
    text = "Q: Who?\nA: It was Moss.\nQ: When?\nA: It was 1904.\nQ: Why?\nA: It was bec"
    assert parse_pairs(text) == [("Who?", "It was Moss."), ("When?", "It was 1904.")]


def test_an_initial_is_not_an_answer_label() -> None:
    assert parse_pairs("Q: Who owned it?\nA. Moss owned it") == [("Who owned it?", "A. Moss owned it")]


words = st.text(st.characters(categories=["Ll"]), min_size=3, max_size=9)
sentences = st.lists(words, min_size=3, max_size=8).map(lambda w: "The " + " ".join(w) + ".")
marks = st.sampled_from(["{i}. ", "{i}) ", "- ", "* ", "• ", "Implication {i}: ", ""])
before = st.sampled_from(["", "Here are the implications:\n", "Certainly!\n\n", "## List\n", "```\n"])
after = st.sampled_from(["", "\n```", "\n\nLet me know if you need more."])


@given(st.lists(sentences, min_size=2, max_size=6, unique_by=str.casefold), marks, before, after)
def test_any_list_in_any_form_comes_out_whole(items: list[str], mark: str, start: str, end: str) -> None:
    listed = "\n".join(mark.format(i=i) + item for i, item in enumerate(items, 1))
    assert parse_lines(start + listed + end) == items


@given(st.lists(st.tuples(sentences, words), min_size=1, max_size=6, unique_by=lambda pair: pair[0].casefold()))
def test_any_pairs_come_out_whole(pairs: list[tuple[str, str]]) -> None:
    text = "\n\n".join(f"Question {i}: {q}\nAnswer: {a}" for i, (q, a) in enumerate(pairs, 1))
    assert parse_pairs(text) == pairs


noise = st.one_of(st.text(), st.text("-*1.) \nQA:?#`_ab"))


@given(noise)
def test_any_text_gives_single_bare_lines(text: str) -> None:
    lines = parse_lines(text)
    assert all(line == " ".join(line.split()) and len(line.splitlines()) == 1 for line in lines)
    assert len({line.casefold() for line in lines}) == len(lines)


@given(noise)
def test_any_text_gives_whole_pairs(text: str) -> None:
    for question, answer in parse_pairs(text):
        assert question.strip()
        assert answer.strip()
        assert len(f"{question}{answer}".splitlines()) == 1
