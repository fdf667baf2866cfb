"""Reading PEFT folders: what is damaged is said alike, whoever reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from agent.errors import AdapterError
from agent.ports import Query
from seal_train.adapters.folders import CONFIG, WEIGHTS, read
from seal_train.engines.local import LocalModel, LocalTrainer
from seal_train.model.base import Base
from tests.seal_train.inference.test_answering import job


def no_config(folder: Path) -> None:
    (folder / CONFIG).unlink()


def no_weights(folder: Path) -> None:
    (folder / WEIGHTS).unlink()


def torn_weights(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:100])


def config_with(text: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / CONFIG).write_text(text)

    return damage


def one_factor_gone(folder: Path) -> None:
    state = load_file(folder / WEIGHTS)
    del state[next(name for name in state if ".lora_B." in name)]
    save_file(state, folder / WEIGHTS)


DAMAGE = [
    no_config, no_weights, torn_weights, one_factor_gone, config_with("{"), config_with("[]"), config_with("{}"),
    config_with('{"r": 4}'), config_with('{"r": 0, "lora_alpha": 1}'), config_with('{"r": null, "lora_alpha": 1}'),
    config_with('{"r": 4, "lora_alpha": NaN}'),
]  # fmt: skip


def test_what_was_exported_is_read(base_of: Callable[..., Base], tmp_path: Path) -> None:
    LocalTrainer(base_of()).train([job(tmp_path / "a", "Anna Moss", 1)])
    saved = read(tmp_path / "a")
    assert (saved.rank, saved.scale) == (4, 4.0)
    assert saved.config == json.loads((tmp_path / "a" / CONFIG).read_text())
    assert saved.state.keys() == load_file(tmp_path / "a" / WEIGHTS).keys()


@pytest.mark.parametrize("damage", DAMAGE)
def test_answering_and_averaging_say_the_same_of_a_damaged_folder(
    damage: Callable[[Path], None], base_of: Callable[..., Base], tmp_path: Path
) -> None:
    base = base_of()
    jobs = [job(tmp_path / name, "Anna Moss", seed) for seed, name in enumerate("ab")]
    LocalTrainer(base).train(jobs)
    damage(jobs[1].folder)
    with pytest.raises(AdapterError, match="cannot be read") as answering:
        LocalModel(base).answer([Query("x", jobs[1].folder)])
    with pytest.raises(AdapterError) as averaging:
        LocalTrainer(base).merge([(j.candidate, j.folder) for j in jobs], tmp_path / "mean")
    assert (averaging.value.cause, averaging.value.mend) == (answering.value.cause, answering.value.mend)
    assert "seal rollback" in answering.value.mend
    assert str(jobs[1].folder) in answering.value.mend
    assert not (tmp_path / "mean").exists()
