"""The memory planner: what it counts, and that what it plans does fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from seal_train import room as planner
from seal_train.attention import rows_apart
from seal_train.base import Base
from seal_train.layout import Layout
from seal_train.lora import Slots
from seal_train.lower import Lower, kept_bytes
from seal_train.room import COPIES, SHARE, free_bytes, room, token_bytes


@pytest.mark.parametrize("free", [10_000, 100_000, 1_000_000, 10_000_000])
def test_what_is_planned_fits_or_is_the_least(free: int) -> None:
    slots, tokens = room(free, jobs=12, slot_bytes=40_000, token_bytes=500, longest=60, most_tokens=1024)
    assert 1 <= slots <= 12
    assert 60 <= tokens <= 1024
    fits = slots * 40_000 + tokens * 500 <= SHARE * free
    assert fits or (slots, tokens) == (1, 60)


def test_more_memory_means_more_adapters_and_then_longer_passes() -> None:
    plans = [room(free, 12, 40_000, 500, 60, 1024) for free in range(50_000, 3_000_000, 10_000)]
    assert plans == sorted(plans)
    assert plans[0] == (1, 60)
    assert plans[-1] == (12, 1024)


def test_a_token_needs_more_where_more_layers_are_kept(base_of: Callable[..., Base]) -> None:
    base = base_of()
    whole = Slots(base.layers, base.switch, 1, 4, train=True)
    upper = Slots(base.layers, base.switch, 1, 4, train=True, lowest=1)
    assert token_bytes(base, whole) > token_bytes(base, upper) > 0
    assert COPIES * whole.flat.nbytes > COPIES * upper.flat.nbytes


def test_what_is_kept_of_lower_layers_is_what_was_counted(base_of: Callable[..., Base]) -> None:
    base, rows = base_of(), [(5, 6, 7), (8, 9), (5, 6, 7)]
    lower = Lower(base, 1)
    with rows_apart(base.model):
        lower.hidden_of_rows(rows, Layout.of([3, 2, 3]))
    assert sum(kept.nbytes for kept in lower.kept.values()) == kept_bytes(base, set(rows))


def test_a_container_has_no_more_than_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "CGROUP", tmp_path)
    whole = free_bytes(torch.device("cpu"))
    assert whole > 2**20
    (tmp_path / "memory.max").write_text("5000000\n")
    (tmp_path / "memory.current").write_text("2000000\n")
    assert free_bytes(torch.device("cpu")) == 3_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert free_bytes(torch.device("cpu")) > 3_000_000
