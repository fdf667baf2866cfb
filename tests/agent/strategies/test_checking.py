from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.records import Document, Example, Probe
from agent.strategies.checking import check

DOCUMENT = Document.make(
    "Orrin Mill Opens", "The mill at Orrin opened in March. Anna Moss runs it with 62 workers from Dunmore."
)
QUESTION = Probe.make(
    "d", "given", "heldout", "Who is now in charge of running the old mill at Orrin every day?", "Anna Moss"
)
SHORT = Probe.make("d", "given", "reward", "Who runs it?", "Anna Moss")


def refusal(text: str, *probes: Probe) -> str:
    _, refused = check(DOCUMENT, [Example(completion=text)], probes)
    return refused[0].reason if refused else ""


def test_a_sentence_of_the_document_passes() -> None:
    assert refusal("Anna Moss runs it with 62 workers.\n", QUESTION) == ""


def test_a_probe_is_refused_with_its_reason() -> None:
    assert "repeats the probe" in refusal("Question: Who runs it?\nAnswer: Anna Moss", SHORT)
    assert "repeats the probe" in refusal("in charge of running the old mill at Orrin is Anna Moss", QUESTION)


def test_seven_shared_words_are_no_repetition() -> None:
    assert refusal("charge of running the old mill at Dunmore: Anna Moss", QUESTION) == ""


def test_case_and_marks_do_not_hide_a_probe() -> None:
    assert "repeats the probe" in refusal("WHO -- runs, it", SHORT)


def test_characters_are_words_where_no_spaces_are_written() -> None:
    document = Document.make("磨坊", "奥林磨坊开业。安娜经营它。")
    probe = Probe.make("d", "given", "reward", "谁在经营奥林镇的磨坊", "安娜")
    texts = ("安娜经营磨坊", "谁在经营奥林镇的磨坊？安娜")
    passed, refused = check(document, [Example(completion=text) for text in texts], [probe])
    assert [e.completion for e in passed] == ["安娜经营磨坊"]
    assert "repeats the probe" in refused[0].reason


def test_a_question_of_two_words_refuses_nothing() -> None:
    assert refusal("Anna Moss, who runs it", SHORT.model_copy(update={"question": "Who?"})) == ""


def test_a_recall_probe_may_be_repeated() -> None:
    assert refusal("Who runs it", SHORT.model_copy(update={"recall": True})) == ""


def test_empty_duplicate_and_ungrounded() -> None:
    texts = (" \n", "Anna Moss runs it", "anna moss, runs it!", "Completely unrelated sentences about volcanoes")
    examples = [Example(completion=text) for text in texts]
    passed, refused = check(DOCUMENT, examples, [])
    assert [e.completion for e in passed] == ["Anna Moss runs it"]
    assert [r.reason.split(":")[0] for r in refused] == ["empty", "duplicate", "ungrounded"]


@given(st.lists(st.text(max_size=40)))
def test_nothing_is_lost_between_passed_and_refused(texts: list[str]) -> None:
    passed, refused = check(DOCUMENT, [Example(completion=t) for t in texts], [QUESTION])
    assert len(passed) + len(refused) == len(texts)
    again, none = check(DOCUMENT, passed, [QUESTION])
    assert again == passed
    assert none == ()
