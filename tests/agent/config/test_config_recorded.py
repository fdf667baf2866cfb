"""A run that goes on: its recorded values decide, the machine is today's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.config.sections import Config
from agent.config.settings import as_recorded, changed, flags, load_config
from agent.errors import ConfigError

SERVER = {"endpoints.far.url": "http://127.0.0.1:1/v1", "endpoints.far.model": "old", "write.endpoint": "far"}


def configured(home: Path, **overrides: str) -> Config:
    return load_config(None, {key.replace("__", "."): value for key, value in overrides.items()}, home)


def begun(home: Path, **overrides: str) -> dict[str, Any]:
    return configured(home, **overrides).recorded()


def test_what_was_learned_with_is_as_recorded(tmp_path: Path) -> None:
    then = begun(tmp_path, train__epochs="7", plan__strategies='["passage"]', model__dtype="bfloat16")
    config, aside = as_recorded(configured(tmp_path, train__epochs="3", gate__alpha="0.2"), then)
    assert (config.train.epochs, config.plan.strategies, config.model.dtype) == (7, ("passage",), "bfloat16")
    assert config.gate.alpha == Config().gate.alpha
    assert aside == ["model.dtype", "train.epochs", "plan.strategies", "gate.alpha"]


def test_the_machine_is_as_today_and_nothing_is_put_aside(tmp_path: Path) -> None:
    then = begun(tmp_path / "old", model__device="cuda:1", model__threads="4", ledger__url="postgresql://a:b@h/db")
    today = configured(tmp_path / "new", model__device="cpu", ledger__url="postgresql://a:c@h/db", source__timeout="3")
    assert as_recorded(today, then) == (today, [])


def test_the_same_configuration_puts_nothing_aside(tmp_path: Path) -> None:
    today = load_config(None, SERVER | {"train.alpha": "8"}, tmp_path)
    assert as_recorded(today, today.recorded()) == (today, [])


def test_an_endpoint_moves_with_the_server_and_its_model_can_be_corrected(tmp_path: Path) -> None:
    then = load_config(None, SERVER, tmp_path).recorded()
    moved = {"endpoints.far.url": "http://user:key@127.0.0.1:2/v1", "endpoints.far.model": "new"}
    today = load_config(None, SERVER | moved | {"endpoints.far.max_tokens": "9"}, tmp_path)
    config, aside = as_recorded(today, then)
    far = config.endpoint("far")
    assert (far.url, far.max_tokens, far.model) == (moved["endpoints.far.url"], 9, "new")
    assert aside == []


def test_what_is_insisted_on_wins_and_the_rest_stays(tmp_path: Path) -> None:
    then = begun(tmp_path, train__epochs="7", train__rank="4", gate__alpha="0.2")
    overrides = {"train.epochs": "3", "judge": '{endpoint = "far"}'}
    today = load_config(None, SERVER | overrides, tmp_path)
    config, aside = as_recorded(today, then, flags(overrides))
    assert (config.train.epochs, config.train.rank, config.judge.endpoint) == (3, 4, "far")
    assert aside == ["train.rank", "write.endpoint", "gate.alpha"]
    assert changed(config, as_recorded(today, then)[0]) == ["train.epochs", "judge.endpoint"]


def test_what_was_read_and_measured_with_cannot_be_insisted_on(tmp_path: Path) -> None:
    overrides = {"model.name": "other", "model.dtype": "bfloat16", "write.max_words": "50"}
    today = load_config(None, overrides, tmp_path)
    config, aside = as_recorded(today, begun(tmp_path), flags(overrides))
    assert config == Config(home=tmp_path)
    assert aside == list(overrides)


def test_an_endpoint_that_is_not_there_today_is_as_recorded(tmp_path: Path) -> None:
    then = load_config(None, SERVER, tmp_path).recorded()
    config, aside = as_recorded(configured(tmp_path), then)
    assert (config.write.endpoint, config.endpoint("far").model) == ("far", "old")
    assert aside == ["write.endpoint"]


def test_what_another_seal_recorded(tmp_path: Path) -> None:
    """Keys that were not there yet are as today, keys that are gone are left out."""
    then = begun(tmp_path, train__epochs="7")
    del then["gate"]
    then["train"]["momentum"] = 0.9
    then["dreams"] = {"length": 3}
    config, aside = as_recorded(configured(tmp_path, gate__alpha="0.2"), then)
    assert (config.train.epochs, config.gate.alpha, aside) == (7, 0.2, ["train.epochs"])


def test_a_value_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    then = begun(tmp_path)
    then["train"]["rank"] = 0
    with pytest.raises(ConfigError, match=r"train\.rank") as caught:
        as_recorded(configured(tmp_path), then)
    assert "version" in caught.value.mend
