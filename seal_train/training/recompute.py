"""Gradient checkpointing (Chen et al. 2016, arXiv 1604.06174): only what goes into each decoder layer is kept, and the
layer is run again when its gradient is made."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from torch import nn
from torch.utils.checkpoint import checkpoint

from seal_train.model.base import Base


def recomputing(base: Base, lowest: int) -> AbstractContextManager[None]:
    """While this lasts, decoder layers from `lowest` up keep only their input. What was on in the forward pass (slots,
    `rows_apart`) has to be on in the backward pass, too."""
    return base.replaced({i: _Again(block) for i, block in enumerate(base.blocks) if i >= lowest})


class _Again(nn.Module):
    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, *given: Any, **named: Any) -> Any:
        return checkpoint(self.block, *given, use_reentrant=False, preserve_rng_state=False, **named)
