from __future__ import annotations

import pytest

from agent.config import TrainConfig
from agent.records import Document, Example, Plan, SelfEdit
from agent.strategies import all_strategies
from agent.strategies.checking import check
from evals.rewards.gain import LONG, length, repetition
from tests.fakes.house import mills

DOCUMENT = Document.make("The mill", "The old mill at Tarn was rebuilt in 1931 by Ida Holm.")


def edited(*examples: Example, document: Document = DOCUMENT) -> SelfEdit:
    settings = TrainConfig().settings(1)
    plan = Plan.make("r", document.id, "facts", settings, planner="test", reason="")
    return SelfEdit.make(plan, "deterministic", *check(document, examples, []))


def asked(question: str, answer: str) -> Example:
    return Example(prompt=f"Question: {question}\nAnswer:", completion=f" {answer}\n")


def test_length_costs_from_a_multiple_of_the_document_on() -> None:
    def of(times: int) -> SelfEdit:
        return edited(*(Example(completion=f"{DOCUMENT.text[:-1]} {i}") for i in range(times)))

    assert length(DOCUMENT, edited()) == 0
    assert length(DOCUMENT, of(8)) == 0
    assert length(DOCUMENT, of(4 * LONG)) == pytest.approx(2 + 0.12, abs=0.02)  # 13 words of 12


def test_repetition_counts_questions_that_were_asked_before() -> None:
    """Also with another answer, and also what the check has refused as a duplicate."""
    where = asked("Where was the old mill?", "Tarn")
    assert repetition(edited(where, asked("Who rebuilt the mill?", "Ida Holm"))) == 0
    assert repetition(edited(where, where, asked("Where was the old mill?", "Ida Holm"))) == pytest.approx(2 / 3)
    said = Example(completion="Ida Holm rebuilt the old mill.")
    assert repetition(edited(said, said)) == pytest.approx(1 / 2)
    assert repetition(edited()) == 0


def test_honest_strategies_pay_next_to_nothing() -> None:
    for article in mills(4):
        document = Document.make(article["title"], article["text"])
        for strategy in all_strategies().values():
            if not strategy.needs_model:
                edit = edited(*strategy.write(document, "", None), document=document)
                assert length(document, edit) == 0, strategy.name
                assert repetition(edit) <= 0.1, strategy.name
