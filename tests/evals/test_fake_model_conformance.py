"""The fake engine's model passes the suite of the LanguageModel port, as the real one does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.language_model import LanguageModelConformance
from tests.fakes.engine import FakeModel


class TestFakeModel(LanguageModelConformance):
    @pytest.fixture
    def adapters(self, tmp_path: Path) -> tuple[Path, Path]:
        return tmp_path / "one", tmp_path / "two"

    @pytest.fixture
    def answerer(self) -> FakeModel:
        return FakeModel()
