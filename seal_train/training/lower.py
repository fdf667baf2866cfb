"""What is put in decoder layers' places while adapters are trained.

Hidden states below the first adapted layer, which training does not change, are computed once per sequence. Where
memory is short, layers above keep only what goes into them, and are run again when their gradient is made: gradient
checkpointing (Chen et al. 2016, arXiv 1604.06174).

Axes: T positions of a sequence, N positions in a `Layout`, D hidden size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from seal_train.model.base import Base
from seal_train.model.encoding import Row
from seal_train.model.layout import Layout

Ids = tuple[int, ...]


def kept_bytes(base: Base, sequences: Iterable[Ids]) -> int:
    """What `Lower` keeps of these sequences."""
    return sum(map(len, sequences)) * base.loss_head.in_features * int(base.model.dtype.itemsize)


class Lower:
    """What the decoder layers below `lowest` make of sequences, kept for every later step and candidate."""

    def __init__(self, base: Base, lowest: int) -> None:
        self.base, self.lowest = base, lowest
        self.kept: dict[Ids, Tensor] = {}
        """[T, D] of each sequence that was read."""

    def hidden_of_rows(self, rows: Sequence[Row], layout: Layout) -> Tensor:
        """The hidden states of rows, [N, D], from the layer `lowest` up."""
        sequences = dict.fromkeys(sequence.ids for row in rows for sequence in row.sequences)
        if new := [ids for ids in sequences if ids not in self.kept]:
            self._read(new)
        parts = [part for row in rows for part in row.joined([self.kept[s.ids] for s in row.sequences])]
        ends = accumulate(len(row.ids) for row in rows)
        places = layout.lay([range(end - len(row.ids), end) for row, end in zip(rows, ends, strict=True)], 0)
        given = torch.cat(parts)[torch.tensor(places, device=self.base.device)]
        with self.base.replaced(dict.fromkeys(range(self.lowest), _Stand(given[None]))):
            return self.base.hidden_of_rows([row.ids for row in rows], layout)

    @torch.no_grad()
    def _read(self, rows: Sequence[Ids]) -> None:
        layout, stand = Layout.of([len(row) for row in rows]), _Stand()
        with self.base.replaced(dict.fromkeys(range(self.lowest, len(self.base.blocks)), stand)):
            self.base.hidden_of_rows(rows, layout)
        assert stand.hidden is not None
        owners = torch.tensor(layout.lay([[i] * len(row) for i, row in enumerate(rows, 1)], 0))
        for i, row in enumerate(rows, 1):
            # A row's positions are in their order, in the rectangle and then in its tail.
            self.kept[row] = stand.hidden[0, owners == i]


class _Stand(nn.Module):
    """In decoder layers' place: gives what it was made with, or else what the first of them was given."""

    def __init__(self, hidden: Tensor | None = None) -> None:
        super().__init__()
        self.hidden = hidden

    def forward(self, hidden: Tensor, *_: Any, **__: Any) -> Tensor:
        if self.hidden is None:
            self.hidden = hidden
        return self.hidden


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
