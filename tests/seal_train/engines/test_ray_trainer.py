"""RayTrainer over a real Ray of one CPU on this machine: as LocalTrainer, and what it makes of trouble."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import ray
import torch
from safetensors.torch import load_file

from agent.config.sections import ModelConfig
from agent.errors import ModelError, TrainerError
from agent.ports import TrainJob
from agent.records import Training
from seal_train.engines.local import LocalTrainer
from seal_train.engines.ray_trainer import RayTrainer, Worker
from seal_train.model.base import Base
from tests.conformance.trainer import TrainerConformance, content
from tests.seal_train.inference.test_answering import diverging, job


@pytest.fixture(scope="module")
def model(tiny: Callable[..., Path]) -> ModelConfig:
    return ModelConfig(name=str(tiny("llama")), device="cpu", dtype="float32", threads=1)


@pytest.fixture(scope="module")
def trainer(model: ModelConfig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayTrainer]:
    trainer = RayTrainer(model, tmp_path_factory.mktemp("home") / "models")
    yield trainer
    trainer.close()
    assert not ray.is_initialized()


@pytest.fixture
def jobs(tmp_path: Path) -> list[TrainJob]:
    return [job(tmp_path / "work" / "one", "Anna Moss", 1), job(tmp_path / "work" / "two", "62 people", 2, rank=2)]


def long(folder: Path) -> TrainJob:
    """Takes long enough for its progress to be seen in the middle."""
    short = job(folder, "Anna Moss", 1)
    settings = short.candidate.settings.model_copy(update={"epochs": 400})
    return TrainJob(short.candidate.model_copy(update={"settings": settings}), short.examples, folder)


def test_an_address_that_nobody_answers_is_a_clear_error(tmp_path: Path, jobs: list[TrainJob]) -> None:
    assert not ray.is_initialized(), "a process has one Ray: this must run before the tests that start it"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound and not listening
        address = f"127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(TrainerError, match=f"no Ray answers at {address}") as caught:
            RayTrainer(ModelConfig(), tmp_path / "models", address).train(jobs)
    assert "ray_address" in caught.value.mend


def test_a_node_that_does_not_share_the_home_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="does not see the folder") as caught:
        Worker().load(ModelConfig(), "cpu", tmp_path / "models", tmp_path / "models" / "marker")
    assert "share" in caught.value.mend


@pytest.mark.slow
class TestRayTrainer(TrainerConformance):
    @pytest.fixture
    def failing(self, tmp_path: Path) -> TrainJob:
        return diverging(tmp_path / "work" / "bad")


@pytest.mark.slow
def test_it_trains_what_the_local_trainer_does(
    trainer: RayTrainer, jobs: list[TrainJob], base_of: Callable[..., Base], tmp_path: Path
) -> None:
    here = LocalTrainer(base_of())
    local = [TrainJob(j.candidate, j.examples, tmp_path / "local" / j.folder.name) for j in jobs]
    for far, near in zip(trainer.train(jobs), here.train(local), strict=True):
        assert isinstance(far, Training)
        assert isinstance(near, Training)
        assert far.losses == pytest.approx(near.losses, rel=1e-5)
        assert (far.steps, far.tokens) == (near.steps, near.tokens)
        ours, theirs = (load_file(Path(r.path) / "adapter_model.safetensors") for r in (far, near))
        assert ours.keys() == theirs.keys()
        for name in ours:
            torch.testing.assert_close(ours[name], theirs[name], rtol=1e-4, atol=1e-6)
    members = [(j.candidate, j.folder) for j in jobs]
    trainer.merge(members, tmp_path / "far")
    here.merge(members, tmp_path / "near")
    assert content(tmp_path / "far") == content(tmp_path / "near")


@pytest.mark.slow
def test_more_than_any_node_has_is_refused_at_once(trainer: RayTrainer, jobs: list[TrainJob]) -> None:
    trainer.train(jobs)
    greedy = RayTrainer(ModelConfig(device="cpu", threads=100_000), trainer.models_dir)
    with pytest.raises(TrainerError, match="no node of Ray has 100000 CPU"):
        greedy.train(jobs)


@pytest.mark.slow
def test_an_actor_that_dies_is_replaced_once(trainer: RayTrainer, tmp_path: Path) -> None:
    seen: list[int] = []

    def kill_first(done: int, total: int) -> None:
        if not seen:
            assert done < total
            ray.kill(trainer._actor)
        seen.append(done)

    (result,) = trainer.train([long(tmp_path / "a")], kill_first)
    assert isinstance(result, Training)
    assert seen[-1] == result.steps

    with pytest.raises(TrainerError, match="lost twice") as caught:
        trainer.train([long(tmp_path / "b")], lambda done, total: ray.kill(trainer._actor))
    assert "--resume" in caught.value.mend
    assert not (tmp_path / "b").exists()


@pytest.mark.slow
def test_what_the_actor_raises_is_raised_here(trainer: RayTrainer, tmp_path: Path, jobs: list[TrainJob]) -> None:
    lacking = RayTrainer(ModelConfig(name=str(tmp_path / "nowhere"), device="cpu", threads=1), trainer.models_dir)
    trainer._drop()  # there is one CPU
    with pytest.raises(ModelError, match=r"no config\.json") as caught:
        lacking.train(jobs)
    assert "[model] name" in caught.value.mend
