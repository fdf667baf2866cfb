"""ServedModel passes the suite of the Answerer port, against a server that has to load the adapters first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.models.client import EndpointClient
from agent.models.served import ServedModel
from tests.conformance.answerer import AnswererConformance
from tests.fakes.openai_server import FakeOpenAI


class TestServedModel(AnswererConformance):
    @pytest.fixture
    def adapters(self, tmp_path: Path) -> tuple[Path, Path]:
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "adapter_config.json").write_text('{"r": 8}')
        return tmp_path / "one", tmp_path / "two"

    @pytest.fixture
    def answerer(self) -> Iterator[ServedModel]:
        with FakeOpenAI(lambda asked: "", models=["base"], max_rank=8) as server:
            server.continuation = lambda model, prompt: f" {model} {len(prompt)} words  "
            yield ServedModel(EndpointClient("vllm", server.url, "base", None))
