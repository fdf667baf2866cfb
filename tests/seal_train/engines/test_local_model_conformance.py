"""LocalModel passes the suites of its two ports with a tiny model and two adapters trained on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from seal_train.engines.local import LocalModel, LocalTrainer
from seal_train.model.base import Base
from tests.conformance.answerer import AnswererConformance
from tests.conformance.language_model import LanguageModelConformance
from tests.seal_train.inference.test_answering import job


class TestLocalModel(AnswererConformance, LanguageModelConformance):
    @pytest.fixture
    def base(self, base_of: Callable[..., Base]) -> Base:
        return base_of()

    @pytest.fixture
    def adapters(self, base: Base, tmp_path: Path) -> tuple[Path, Path]:
        jobs = [job(tmp_path / "one", "Anna Moss", 1), job(tmp_path / "two", "62 people", 2)]
        LocalTrainer(base).train(jobs)
        return jobs[0].folder, jobs[1].folder

    @pytest.fixture
    def answerer(self, base: Base) -> LocalModel:
        return LocalModel(base)
