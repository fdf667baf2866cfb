"""Products of each row of a batch with its slot's own matrix.

Axes: R rows, one per slot, N positions in a `Layout`, I in, O out. The results at the filler's positions are not used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from seal_train.model.layout import Layout


@dataclass(frozen=True)
class Parts:
    """The slots of a batch's rows: those from `first` on."""

    layout: Layout
    first: int
    scale_S: Tensor

    @property
    def slots(self) -> slice:
        return slice(self.first, self.first + len(self.layout.lengths))

    @cached_property
    def scale_N(self) -> Tensor:
        """Each position's scale, [N, 1]."""
        return self.scale_S[self.slots][torch.tensor(self.layout.owners, device=self.scale_S.device)][:, None]


def products(x_NI: Tensor, w_SIO: Tensor, parts: Parts) -> Tensor:
    """x w, each position with its slot's matrix, in the number type of x."""
    w_RIO, layout = w_SIO[parts.slots].to(x_NI.dtype), parts.layout
    out_NO = x_NI.new_empty(layout.positions, w_SIO.shape[2])
    torch.bmm(layout.square(x_NI), w_RIO, out=layout.square(out_NO))
    for row, begin, end in layout.tails:
        torch.mm(x_NI[begin:end], w_RIO[row], out=out_NO[begin:end])
    return out_NO


def put_outer_products(out_SOI: Tensor, g_NO: Tensor, x_NI: Tensor, parts: Parts) -> None:
    """out[slot] = g^T x over the positions of the slot's row, for the slots of the batch."""
    out_ROI, layout = out_SOI[parts.slots], parts.layout
    sums_ROI = torch.bmm(layout.square(g_NO).transpose(1, 2), layout.square(x_NI))
    for row, begin, end in layout.tails:
        sums_ROI[row].addmm_(g_NO[begin:end].T, x_NI[begin:end])
    out_ROI.copy_(sums_ROI)
