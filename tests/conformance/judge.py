"""What every Judge must do. Subclass, and give an implementation whose model can tell right from wrong."""

from __future__ import annotations

from agent.ports import Judge


class JudgeConformance:
    """Give two fixtures: `judge`, and `broken_judge`, whose model does not answer."""

    def test_the_reference_itself_is_right(self, judge: Judge) -> None:
        assert judge.judge("Who founded the Brindle bakery?", "Anna Moss", "Anna Moss") is True

    def test_something_else_is_wrong(self, judge: Judge) -> None:
        assert judge.judge("Who founded the Brindle bakery?", "Anna Moss", "Tom Hale") is False

    def test_an_empty_answer_is_wrong(self, judge: Judge) -> None:
        assert judge.judge("Who founded the Brindle bakery?", "Anna Moss", "") is False

    def test_no_verdict_is_none_and_not_false(self, broken_judge: Judge) -> None:
        assert broken_judge.judge("Who founded the Brindle bakery?", "Anna Moss", "Anna Moss") is None
