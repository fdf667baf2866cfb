"""What a model could have written: the text of training sequences, which parses back to the same sequences."""

from __future__ import annotations

import pytest

from agent.records import Document, Example
from agent.strategies import all_strategies
from agent.strategies.checking import check
from agent.strategies.prompted import QUESTIONS, STATEMENTS, PromptedStrategy
from tests.fakes.chat import FakeChat

MILL = Document.make(
    "Orrin Mill Opens",
    "The mill at Orrin opened on 4 March 2031. Anna Moss runs it with 62 workers from Dunmore. "
    "It cost 3 million crowns and grinds barley for Brindle Foods. The roof was built by Tom Arkwright.",
)
ASKING = [name for name, strategy in all_strategies().items() if strategy.needs_model]


@pytest.mark.parametrize("name", ["facts", "cloze"])
def test_questions_of_a_strategy_are_questions_that_the_model_could_write(name: str) -> None:
    examples = all_strategies()[name].write(MILL, "", None)
    text = QUESTIONS.show(examples)
    asked = [e for e in examples if e.prompt.endswith("Answer:")]
    parsed = QUESTIONS.parse(MILL, text)
    assert len(asked) > 5
    assert {(e.prompt, e.completion) for e in parsed} == {(e.prompt, e.completion) for e in asked}


def test_sentences_are_statements_each_once() -> None:
    examples = all_strategies()["facts"].write(MILL, "", None)
    lines = [e.completion.strip() for e in STATEMENTS.parse(MILL, STATEMENTS.show(examples))]
    assert lines == [f"{sentence.rstrip('.')}." for sentence in MILL.text.split(". ")]


def test_the_passage_alone_is_of_neither_form() -> None:
    examples = all_strategies()["passage"].write(MILL, "", None)
    assert (QUESTIONS.show(examples), STATEMENTS.show(examples)) == ("", "")


@pytest.mark.parametrize("name", ASKING)
def test_what_is_shown_is_what_the_strategy_would_have_been_answered(name: str) -> None:
    strategy = all_strategies()[name]
    assert isinstance(strategy, PromptedStrategy)
    examples = all_strategies()["facts"].write(MILL, "", None)
    shown = strategy.shown(MILL, examples)
    assert shown is not None
    asked: list[tuple[str, str]] = []

    def answer(system: str, user: str) -> str:
        asked.append((system, user))
        return shown.text

    written = strategy.write(MILL, "", FakeChat(answer))
    assert asked == [(shown.system, shown.user)]
    kept, refused = check(MILL, written, [])
    assert len(kept) > 4
    assert not refused
    assert strategy.shown(MILL, [Example(completion="a\nb\n")]) is None
