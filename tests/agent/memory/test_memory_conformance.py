from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.memory.winners import ChromaMemory
from agent.ports import Memory
from tests.conformance.memory import MemoryConformance, names, queries, winner
from tests.fakes.chroma_server import chroma_server
from tests.fakes.embedder import FakeEmbedder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chroma_server(tmp_path_factory.mktemp("chroma")) as url:
        yield url


class TestEmbedded(MemoryConformance):
    @pytest.fixture
    def memory(self, tmp_path: Path) -> Memory:
        return ChromaMemory(tmp_path / "memory", None, FakeEmbedder())


@pytest.mark.engine
class TestServer(MemoryConformance):
    @pytest.fixture
    def memory(self, server: str) -> Memory:
        memory = ChromaMemory(None, server, FakeEmbedder())
        memory.rebuild([])
        return memory

    def test_clients_see_what_others_write(self, server: str, memory: Memory) -> None:
        other = ChromaMemory(None, server, FakeEmbedder())
        assert other.recall(queries()[0], 1, "tiny") == []
        memory.sync([winner("a", "harbour")])
        assert names(other.recall(queries()[0], 1, "tiny")) == ["a"]
        memory.rebuild([winner("b", "harbour")])
        assert names(other.recall(queries()[0], 1, "tiny")) == ["b"]
