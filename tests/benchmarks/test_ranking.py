"""The benchmark of rankings: what it makes of rewards whose noise is known, and that it runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.ranking import RELIABLE, compared, main, seeds_needed, spread, tau
from tests.benchmarks.test_inner_loop import SELF_EDIT
from tests.fakes.models import save_tiny


def drawn(seeds: int, noise: float, between: float) -> Any:
    """Rewards [S, D, C] of 40 documents with 30 candidates each, which differ by so much and vary by so much."""
    draw = np.random.default_rng(5)
    return draw.normal(0, between, (1, 40, 30)) + draw.normal(0, noise, (seeds, 40, 30)) + draw.normal(0, 9, (1, 40, 1))


def test_noise_and_differences_are_told_apart() -> None:
    noise, between = spread(drawn(3, 0.5, 0.2))
    assert noise == pytest.approx(0.5, rel=0.05)
    assert between == pytest.approx(0.2, rel=0.15)
    assert spread(drawn(3, 0.5, 0.0))[1] < 0.1


def test_so_many_seeds_make_a_reward_reliable() -> None:
    needed = seeds_needed(0.5, 0.21)
    assert needed is not None
    shares = [0.21**2 / (0.21**2 + 0.5**2 / seeds) for seeds in (needed - 1, needed)]
    assert shares[0] < RELIABLE <= shares[1]
    assert seeds_needed(0.01, 0.2) == 1
    assert seeds_needed(0.5, 0.0) is None


def test_a_trainer_that_only_adds_its_rounding_ranks_as_the_other_does() -> None:
    ours = drawn(3, 0.5, 0.2)
    found = compared(ours, ours[:2] + 1e-3 * np.random.default_rng(1).normal(size=ours[:2].shape))
    orders = found["kendall_tau"]
    assert orders["seal and peft, same seed"] > 0.95
    assert orders["seal and peft, other seed"] < 0.3
    assert abs(orders["seal, other seed"] - orders["seal and peft, other seed"]) < 0.1
    assert found["reward_sd_trainer"] < 0.01 < found["reward_sd"]["seed"]


def test_the_order_counts_not_the_size() -> None:
    ours = drawn(2, 0.0, 1.0)
    assert tau(ours, np.exp(ours / 10), same_seed=False) == pytest.approx(1)
    assert tau(ours, -ours, same_seed=False) == pytest.approx(-1)


@pytest.mark.slow
def test_it_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, workload = save_tiny("llama", tmp_path / "tiny", torch.float32), tmp_path / "edits.jsonl"
    edits = ["It mills oats.\nAt Orrin.", "Orrin has a mill, opened on 4 March 2031.", "A mill."]
    workload.write_text(f"{json.dumps({**SELF_EDIT, 'completions': edits})}\n" * 2)
    options = ["--model", str(model), "--dtype", "float32", "--device", "cpu", "--epochs", "2", "--rank", "4"]
    main([*options, "--workload", str(workload), "--documents", "2", "--candidates", "3", "--seeds", "2", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert np.shape(found["rewards"]["seal"]) == (2, 2, 3)
    np.testing.assert_allclose(found["rewards"]["seal"], found["rewards"]["peft"], atol=2e-4)
    assert found["reward_sd_trainer"] < 1e-3
    main([*options, "--workload", str(workload), "--documents", "1", "--candidates", "2", "--seeds", "2"])
    assert "2 seeds by seal, 2 by PEFT" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [[], ["--workload", "edits.jsonl", "--seeds", "1"]])
def test_what_cannot_be_measured_is_said(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(wrong)
    assert "seal bench ranking: error: --" in capsys.readouterr().err
