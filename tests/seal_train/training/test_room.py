"""The memory planner: what it counts, and that what it plans does fit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch

from seal_train.model.attention import rows_apart
from seal_train.model.base import Base
from seal_train.model.encoding import Row, Sequence_
from seal_train.model.layout import Layout
from seal_train.model.lora import Slots
from seal_train.training.lower import Lower, kept_bytes, recomputing
from seal_train.training.room import (
    REFUSED,
    Room,
    divided,
    free_bytes,
    measured_bytes,
    plan_room,
    recomputed_bytes,
    refusals,
)


@pytest.mark.parametrize("free", [10_000, 100_000, 1_000_000, 10_000_000])
def test_what_is_planned_fits_or_is_the_least(free: int) -> None:
    slots, tokens = divided(free, jobs=12, slot_bytes=40_000, token_bytes=500, longest=60, most_tokens=1024)
    assert 1 <= slots <= 12
    assert 60 <= tokens <= 1024
    assert slots * 40_000 + tokens * 500 <= free or (slots, tokens) == (1, 60)


def test_more_memory_means_more_adapters_and_then_longer_passes() -> None:
    plans = [divided(free, 12, 40_000, 500, 60, 1024) for free in range(50_000, 3_000_000, 10_000)]
    assert plans == sorted(plans)
    assert plans[0] == (1, 60)
    assert plans[-1] == (12, 1024)


def test_a_token_needs_more_where_more_layers_are_kept(base_of: Callable[..., Base]) -> None:
    base = base_of()
    whole = Slots(base.layers, base.switch, 1, 4, train=True)
    upper = Slots(base.layers, base.switch, 1, 4, train=True, lowest=1)
    assert measured_bytes(base, whole) > measured_bytes(base, upper) > 0
    assert whole.flat.nbytes > upper.flat.nbytes


@pytest.mark.parametrize("lowest", [0, 1])
def test_a_token_needs_less_where_layers_are_run_again(lowest: int, base_of: Callable[..., Base]) -> None:
    base = base_of()
    slots = Slots(base.layers, base.switch, 1, 4, train=True, lowest=lowest)
    kept = measured_bytes(base, slots)
    with recomputing(base, lowest):
        assert measured_bytes(base, slots) < 0.3 * kept, "only what goes into a layer, and the last norm"
    assert measured_bytes(base, slots) == kept, "the model is as it was"
    adapted = 2 - lowest
    assert kept / adapted < recomputed_bytes(base, slots, kept) < kept / adapted + 0.3 * kept, "one is whole at a time"


@pytest.mark.parametrize(("free", "again"), [(2**40, False), (2**21, True), (0, True)])
def test_layers_are_run_again_only_where_a_sequence_would_not_fit(
    free: int, again: bool, base_of: Callable[..., Base]
) -> None:
    base = base_of()
    found = plan_room(base, partial(Slots, base.layers, base.switch, rank=4, train=True), 6, 400, 0, free)
    assert found.again == again
    assert (found.slots == 6) == (free > 2**30)


@pytest.mark.parametrize("words", REFUSED)
def test_measuring_that_is_refused_memory_plans_the_least(words: str, base_of: Callable[..., Base]) -> None:
    def refuse(_: int) -> Slots:
        raise RuntimeError(f"the allocator: {words}")

    assert plan_room(base_of(), refuse, 6, 400, 0) == Room(1, 400, again=True)


def test_what_is_no_refusal_is_not_taken_for_one() -> None:
    with pytest.raises(RuntimeError, match="shapes"), refusals():
        raise RuntimeError("shapes do not match")


def test_what_is_kept_of_lower_layers_is_what_was_counted(base_of: Callable[..., Base]) -> None:
    base, sequences = base_of(), [Sequence_(ids, 1) for ids in ((5, 6, 7), (8, 9), (5, 6, 8))]
    lower, rows = Lower(base, 1), [Row((sequences[0], sequences[2])), Row((sequences[1],)), Row((sequences[0],))]
    with rows_apart(base.model):
        lower.hidden_of_rows(rows, Layout.forked([row.fork for row in rows]))
    assert sum(kept.nbytes for kept in lower.kept.values()) == kept_bytes(base, {it.ids for it in sequences})


def test_a_container_has_no_more_than_its_limit(tmp_path: Path) -> None:
    whole = free_bytes(torch.device("cpu"), tmp_path)
    assert whole > 2**20
    (tmp_path / "memory.max").write_text("5000000\n")
    (tmp_path / "memory.current").write_text("2000000\n")
    assert free_bytes(torch.device("cpu"), tmp_path) == 3_000_000
    (tmp_path / "memory.stat").write_text("anon 900000\ninactive_file 500000\nactive_file 100000\n")
    assert free_bytes(torch.device("cpu"), tmp_path) == 3_500_000, "the cache of files is given back where it is needed"
    (tmp_path / "memory.max").write_text("max\n")
    assert free_bytes(torch.device("cpu"), tmp_path) > 3_000_000
