"""The benchmark of rankings: what it makes of rewards whose noise is known, and that it runs."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.ranking import compared, main, regret, seeds_needed, spread, tau
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
    """The noise has 0.25 / 0.04 times the candidates' variance: 25 seeds for 4 to 1."""
    needed = seeds_needed(drawn(3, 0.5, 0.2))
    assert needed["median"] == pytest.approx(25, rel=0.3)
    assert needed["least"] is not None
    assert needed["most"] is not None
    assert needed["least"] <= 25 <= needed["most"]
    assert seeds_needed(drawn(3, 0.001, 0.2))["most"] == 1
    assert seeds_needed(drawn(3, 0.5, 0.0))["most"] is None


def test_an_interval_holds_what_it_should_in_nine_of_ten() -> None:
    draw, inside = np.random.default_rng(2), 0
    for _ in range(300):
        found = seeds_needed(draw.normal(0, 0.2, (1, 3, 5)) + draw.normal(0, 0.2, (3, 3, 5)))
        inside += (found["least"] or math.inf) <= 4 <= (found["most"] or math.inf)
    assert 0.86 < inside / 300 < 0.97


def test_choosing_by_a_noisy_seed_costs_reward() -> None:
    best, chosen, average = regret(drawn(3, 0.5, 0.2))
    assert average < chosen < best
    best, chosen, average = regret(drawn(3, 0.0, 0.2))
    assert average < chosen == best


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
    fewer = json.dumps({**SELF_EDIT, "title": "Another", "completions": ["It."]})
    edits = ["It mills oats.\nAt Orrin.", "Orrin has a mill, opened on 4 March 2031.", "A mill."]
    enough = json.dumps({**SELF_EDIT, "completions": edits})
    workload.write_text(f"{enough}\n{fewer}\n{enough}\n")
    options = ["--model", str(model), "--dtype", "float32", "--device", "cpu", "--epochs", "2", "--rank", "4"]
    main([*options, "--workload", str(workload), "--documents", "2", "--candidates", "3", "--seeds", "2", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert np.shape(found["rewards"]["seal"]) == (2, 2, 3)
    np.testing.assert_allclose(found["rewards"]["seal"], found["rewards"]["peft"], atol=2e-4)
    assert found["reward_sd_trainer"] < 1e-3
    main([*options, "--workload", str(workload), "--documents", "1", "--candidates", "2", "--seeds", "2"])
    assert "2 seeds by seal, 2 by PEFT" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [[], ["--workload", "e", "--seeds", "1"], ["--workload", "e", "--candidates", "1"]])
def test_what_cannot_be_measured_is_said(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(wrong)
    assert "seal bench ranking: error:" in capsys.readouterr().err
