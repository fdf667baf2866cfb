"""How many adapters and how many tokens fit into memory, before training begins.

Axes: P adapter parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from seal_train.model.attention import rows_apart
from seal_train.model.base import Base
from seal_train.model.layout import Layout
from seal_train.model.lora import Slots
from seal_train.training.lower import recomputing

CGROUP = Path("/sys/fs/cgroup")
SHARE = 0.8
"""Of the free memory; the rest is for what is not counted: buffers of products, the allocator's gaps."""
MOST_TOKENS = {"cpu": 1024, "cuda": 16384}
"""Tokens of a pass beyond which it gets no faster."""
MEASURED = 32
"""Tokens of the pass that finds out what a token needs."""
REFUSED = ("out of memory", "can't allocate memory", "ALLOC_FAILED", "bad_alloc")
COPIES = 5
"""Of each parameter: weight, gradient, Adam's two moments and the mean of the last steps."""


@dataclass(frozen=True)
class Room:
    """What there is memory for: slots, the tokens of a pass, and whether decoder layers have to be run again in the
    backward pass for the longest sequence to fit."""

    slots: int
    tokens: int
    again: bool


def plan_room(
    base: Base, make: Callable[[int], Slots], jobs: int, longest: int, kept: int, free: int | None = None
) -> Room:
    """Room for so many jobs, the longest sequence of so many tokens, beside `kept` bytes, in the `free` ones, which are
    looked up where they are not given. Measured with one slot; where that is refused, the least."""
    try:
        with refusals():
            return _measured(base, make(1), jobs, longest, kept, free)
    except MemoryError:
        return Room(1, longest, again=True)


def _measured(base: Base, one: Slots, jobs: int, longest: int, kept: int, free: int | None) -> Room:
    free = int(SHARE * ((free_bytes(base.device) if free is None else free) - kept))
    slot, token = COPIES * one.flat.nbytes, measured_bytes(base, one)
    again = slot + longest * token > free
    if again:
        token = recomputed_bytes(base, one, token)
    most = MOST_TOKENS.get(base.device.type, MOST_TOKENS["cuda"])
    return Room(*divided(free, jobs, slot, token, longest, most), again)


def divided(free: int, jobs: int, slot_bytes: int, token_bytes: int, longest: int, most_tokens: int) -> tuple[int, int]:
    """Slots and tokens of a pass for so many bytes: a pass of one longest sequence first, then as many adapters as
    fit, then longer passes. At least one adapter and one sequence, which memory may yet refuse."""
    slots = max(1, min(jobs, (free - longest * token_bytes) // slot_bytes))
    tokens = (free - slots * slot_bytes) // token_bytes
    return slots, max(longest, min(tokens, most_tokens))


def recomputed_bytes(base: Base, slots: Slots, token_bytes: int) -> int:
    """What a token needs where the adapted decoder layers are run again in the backward pass, one at a time."""
    with recomputing(base, slots.lowest):
        return measured_bytes(base, slots) + token_bytes // (len(base.blocks) - slots.lowest)


def measured_bytes(base: Base, slots: Slots) -> int:
    """What a token needs until its gradient is made: what autograd keeps of it, and half as much again for what comes
    and goes. Measured in one pass of the first slot."""
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: Tensor) -> None:
        """Not the tensor itself: a product that keeps its own result would then keep itself alive for ever."""
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage

    row, layout = [base.eos] * MEASURED, Layout.of([MEASURED])
    with saved_tensors_hooks(keep, lambda nothing: nothing), slots.on(layout), rows_apart(base.model):
        hidden = base.hidden_of_rows([row], layout)
    for parameter in base.model.parameters():
        kept.pop(parameter.untyped_storage().data_ptr(), None)
    del hidden
    return round(1.5 * sum(storage.nbytes() for storage in kept.values()) / MEASURED)


def free_bytes(device: torch.device, cgroup: Path = CGROUP) -> int:
    """Memory that can still be had on the device: a GPU's, or this machine's within the container's limit."""
    if device.type == "cuda":
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + unused
    free = int(psutil.virtual_memory().available)
    limit, used = cgroup / "memory.max", cgroup / "memory.current"
    if limit.is_file() and used.is_file() and (most := limit.read_text().strip()) != "max":
        free = min(free, int(most) - int(used.read_text()) + _reclaimable(cgroup))
    return free


def _reclaimable(cgroup: Path) -> int:
    """Bytes that the container is charged for and that are only the cache of files."""
    stat = cgroup / "memory.stat"
    lines = stat.read_text().splitlines() if stat.is_file() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))


@contextmanager
def refusals() -> Iterator[None]:
    """An allocator's refusal, which torch tells in several ways, comes out of the block as a MemoryError."""
    try:
        yield
    except RuntimeError as error:
        if any(words in str(error) for words in REFUSED):
            raise MemoryError(str(error)) from error
        raise
