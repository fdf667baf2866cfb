"""Nobody is told that seal is used: no library tries to leave this machine, unless a person wants it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from agent.telemetry import OFF
from tests.fakes.databases import start_python
from tests.fakes.house import write_articles
from tests.fakes.models import save_tiny

PROGRAM = "from tests.invariants.listening import program; program()"


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which nothing is switched off yet, neither by seal nor because this is a test (TRL sends
    nothing where CI is set)."""
    for name in (*OFF, "CI", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def tried(what: str, folder: Path) -> list[str]:
    model, source = save_tiny("llama", folder / "model"), write_articles(folder / "articles.jsonl")
    process = start_python(PROGRAM, what, str(folder), str(model), str(source))
    out, err = process.communicate(timeout=280)
    assert process.returncode == 0, err
    found: list[str] = json.loads(out.rpartition("TRIED ")[2])
    return found


@pytest.mark.slow
def test_learning_asking_and_training_a_writer_try_to_reach_nobody(clean: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert tried("learn", tmp_path) == []


@pytest.mark.slow
def test_who_wants_telemetry_has_it_and_the_listener_hears_it(clean: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the other test must not hear: TRL sends each trainer that is made."""
    for name in ("DO_NOT_TRACK", "HF_HUB_DISABLE_TELEMETRY"):
        clean.setenv(name, "0")
    assert "huggingface.co" in str(tried("tell", tmp_path))


@pytest.mark.parametrize("package", ["agent", "graphs", "seal_train", "evals", "app", "benchmarks"])
def test_every_package_switches_it_off_first_of_all(clean: pytest.MonkeyPatch, package: str) -> None:
    clean.setenv("RAY_USAGE_STATS_ENABLED", "1")
    code = f"import json, os, {package}; print(json.dumps(dict(os.environ)))"
    out, err = start_python(code).communicate(timeout=60)
    assert out, err
    found = json.loads(out)
    assert {name: found.get(name) for name in OFF} == OFF | {"RAY_USAGE_STATS_ENABLED": "1"}


def test_here_it_is_off() -> None:
    assert all(name in os.environ for name in OFF)
