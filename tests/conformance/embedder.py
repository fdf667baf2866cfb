"""What every implementation of the `Embedder` port must do. Inherit, and define a fixture `embedder`."""

from __future__ import annotations

import pytest

from agent.ports import Embedder

TEXTS = ["The bank raised interest rates.", "A cat slept.", "", "  \n\t ", "日本語 é 🙂 \x00", "word " * 3000]


def similarity(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


class EmbedderConformance:
    def test_vectors_are_unit_long_and_of_one_size(self, embedder: Embedder) -> None:
        vectors = embedder.embed(TEXTS)
        assert len(vectors) == len(TEXTS)
        assert len({len(vector) for vector in vectors}) == 1
        for vector in vectors:
            assert all(isinstance(value, float) for value in vector)
            assert similarity(vector, vector) == pytest.approx(1, abs=1e-5)

    def test_no_texts_no_vectors(self, embedder: Embedder) -> None:
        assert embedder.embed([]) == []

    def test_same_text_same_vector_whatever_stands_beside_it(self, embedder: Embedder) -> None:
        alone = [embedder.embed([text])[0] for text in TEXTS]
        assert embedder.embed(TEXTS) == alone
        assert embedder.embed(list(reversed(TEXTS))) == alone[::-1]

    def test_texts_about_the_same_are_nearer(self, embedder: Embedder) -> None:
        rates, again, cat = embedder.embed(
            ["The bank raised interest rates.", "The bank cut interest rates in May.", "A cat slept on a sill."]
        )
        assert similarity(rates, again) > similarity(rates, cat) + 0.2

    def test_it_has_a_name(self, embedder: Embedder) -> None:
        assert embedder.name
