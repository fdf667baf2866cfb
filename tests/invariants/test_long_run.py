"""Weeks of rounds in a minute: memory, file handles and the time of a step stay what they were."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.invariants.long_run import Measured

# A SHORT RUN IS MADE HERE. For one of many more rounds, as long as you like:
#     SEAL_TEST_ROUNDS=500 make test ARGS="tests/invariants/test_long_run.py"
ROUNDS = int(os.environ.get("SEAL_TEST_ROUNDS", "24"))
ROWS = 100_000


def quarter(values: list[float], which: int) -> list[float]:
    size = len(values) // 4
    return sorted(values[which * size : (which + 1) * size])


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


@pytest.mark.slow
@pytest.mark.timeout(1800 if ROUNDS <= 24 else 86400)
def test_a_long_run_stays_as_small_and_as_fast_as_it_began(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "tests.invariants.long_run", str(tmp_path / "home"), str(ROUNDS), str(ROWS)]
    finished = subprocess.run(program, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    measured = Measured(**json.loads(finished.stdout.splitlines()[-1]))
    assert measured.rounds == ROUNDS
    assert measured.events > ROWS
    settled = ROUNDS // 4  # imports and caches
    assert max(measured.files[settled:]) - min(measured.files[settled:]) <= 2, measured.files
    assert measured.memory[-1] - measured.memory[settled] < 30, measured.memory
    typical = [median(seconds) for seconds in measured.seconds if seconds]
    first, last = (median(quarter(typical, which)) for which in (1, 3))
    assert last < 2 * first, typical
