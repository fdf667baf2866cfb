"""What every LanguageModel must do beside what an Answerer does."""

from __future__ import annotations

from pathlib import Path

from agent.ports import Divergence, LanguageModel, Query
from tests.conformance.answerer import OTHER, PROMPT


class LanguageModelConformance:
    """Give two fixtures: `answerer`, and `adapters`, two PEFT folders that write unlike the base."""

    def test_nothing_compared_is_no_divergence(self, answerer: LanguageModel) -> None:
        assert answerer.divergences([]) == []

    def test_the_base_is_no_distance_from_itself(self, answerer: LanguageModel) -> None:
        for found in answerer.divergences([Query(PROMPT), Query(OTHER)]):
            assert found.nats == 0.0
            assert found.positions > 0

    def test_divergences_stand_in_the_order_of_the_queries(
        self, answerer: LanguageModel, adapters: tuple[Path, Path]
    ) -> None:
        one, two = adapters
        queries = [Query(PROMPT, one), Query(OTHER), Query(OTHER, two), Query(PROMPT, two), Query(OTHER, one)]
        alone = [answerer.divergences([query])[0] for query in queries]
        together = answerer.divergences(queries)
        assert [found.positions for found in together] == [found.positions for found in alone]
        assert all(abs(a.nats - b.nats) < 1e-4 for a, b in zip(together, alone, strict=True))
        assert all(found.nats > 0 for found, query in zip(together, queries, strict=True) if query.adapter)

    def test_texts_of_one_length_are_measured_over_as_many_positions(
        self, answerer: LanguageModel, adapters: tuple[Path, Path]
    ) -> None:
        base, adapted = answerer.divergences([Query(PROMPT), Query(PROMPT, adapters[0])])
        assert isinstance(base, Divergence)
        assert base.positions == adapted.positions

    def test_a_turn_holds_the_request_and_asks_for_an_answer(self, answerer: LanguageModel) -> None:
        turn = answerer.turn("Close the window.")
        assert "Close the window." in turn
        assert not turn.endswith("window.")
