"""LocalTrainer on a tiny model, and the fake that stands in for it, pass the suite of the Trainer port."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.ports import TrainJob
from seal_train.engines.local import LocalTrainer
from seal_train.model.base import Base
from tests.conformance.trainer import TrainerConformance
from tests.fakes.engine import FakeTrainer
from tests.seal_train.inference.test_answering import diverging, job


class Jobs:
    @pytest.fixture
    def jobs(self, tmp_path: Path) -> list[TrainJob]:
        return [job(tmp_path / "work" / "one", "Anna Moss", 1), job(tmp_path / "work" / "two", "62 people", 2, rank=2)]


class TestLocalTrainer(Jobs, TrainerConformance):
    @pytest.fixture
    def trainer(self, base_of: Callable[..., Base]) -> LocalTrainer:
        return LocalTrainer(base_of())

    @pytest.fixture
    def failing(self, tmp_path: Path) -> TrainJob:
        return diverging(tmp_path / "work" / "bad")


class TestFakeTrainer(Jobs, TrainerConformance):
    @pytest.fixture
    def trainer(self) -> FakeTrainer:
        fake = FakeTrainer()
        fake.fail = {"passage"}
        return fake

    @pytest.fixture
    def failing(self, tmp_path: Path) -> TrainJob:
        good = job(tmp_path / "work" / "bad", "Anna Moss", 3)
        return TrainJob(good.candidate.model_copy(update={"strategy": "passage"}), good.examples, good.folder)
