from __future__ import annotations

import pytest

from agent.memory.embedding import MiniLM
from agent.ports import Embedder
from tests.conformance.embedder import EmbedderConformance
from tests.fakes.embedder import FakeEmbedder


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    return MiniLM()


class TestFake(EmbedderConformance):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return FakeEmbedder()


class TestMiniLM(EmbedderConformance):
    @pytest.fixture
    def embedder(self, minilm: MiniLM) -> Embedder:
        return minilm
