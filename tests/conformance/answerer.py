"""What every Answerer must do. Subclass, and give an implementation with two adapters that write unlike the base."""

from __future__ import annotations

from pathlib import Path

from agent.ports import Answerer, Query

PROMPT = "Topic: The Mill\nQuestion: Who runs the mill at Orrin?\nAnswer:"
OTHER = "Topic: The Mill\nQuestion: How many people?\nAnswer:"


class AnswererConformance:
    """Give two fixtures: `answerer`, and `adapters`, two PEFT folders; the base and both answer PROMPT unlike."""

    def test_it_has_a_name(self, answerer: Answerer) -> None:
        assert answerer.name

    def test_nothing_asked_is_nothing_answered(self, answerer: Answerer) -> None:
        assert answerer.answer([]) == []

    def test_an_answer_is_one_stripped_line(self, answerer: Answerer, adapters: tuple[Path, Path]) -> None:
        for answer in answerer.answer([Query(PROMPT), *(Query(PROMPT, folder) for folder in adapters)]):
            assert answer == answer.strip()
            assert "\n" not in answer

    def test_answers_stand_in_the_order_of_the_queries(self, answerer: Answerer, adapters: tuple[Path, Path]) -> None:
        one, two = adapters
        queries = [
            Query(PROMPT, one), Query(PROMPT), Query(OTHER, two), Query(OTHER, one), Query(OTHER), Query(PROMPT, two),
        ]  # fmt: skip
        alone = [answerer.answer([query])[0] for query in queries]
        assert answerer.answer(queries) == alone
        assert alone[0] != alone[1] != alone[5] != alone[0], "each adapter gives its own answer"

    def test_fewer_tokens_give_a_shorter_answer(self, answerer: Answerer, adapters: tuple[Path, Path]) -> None:
        queries = [Query(prompt, adapter) for prompt in (PROMPT, OTHER) for adapter in (*adapters, None)]
        long, short = (answerer.answer(queries, n) for n in (24, 1))
        assert all(few in many for few, many in zip(short, long, strict=True))
        assert short != long
