"""Cross-entropy of the labelled positions, with its gradient made in the forward pass.

Axes: N labelled positions, C of a chunk, D hidden size, V vocabulary. Of rows: S rows, each under a slot of its own,
N positions of a pass, M labelled ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from seal_train.model.base import Base
from seal_train.model.encoding import Row
from seal_train.model.frozen import frozen_products
from seal_train.model.layout import Layout

Read = Callable[[Sequence[Row], Layout], Tensor]
"""Rows to their hidden states where the layout has them, [N, D]."""
POSITIONS_A_CHUNK = 64
"""Logits of this many positions are in memory at once: blocks of a size that the allocator keeps for later use."""


class _HeadLoss(torch.autograd.Function):
    """The probabilities become the gradient of the logits in place."""

    @staticmethod
    @frozen_products()
    def forward(ctx: Any, hidden: Tensor, labels: Tensor, head: nn.Linear, chunk: int) -> Tensor:
        count, wide = len(labels), torch.promote_types(head.weight.dtype, torch.float32)
        # All chunks have one size: preparing products of a new size takes longer than some more positions.
        rest = -count % chunk
        hidden_ND = nn.functional.pad(hidden.to(head.weight.dtype), (0, 0, 0, rest))
        losses, grads = [], []
        # Fresh blocks of this size would cost as much as the products: the system clears each of their pages.
        logits_CV = hidden_ND.new_empty(chunk, head.out_features)
        d_CV = torch.empty_like(logits_CV)
        at_N1 = nn.functional.pad(labels, (0, rest))[:, None]
        for h_CD, at_C1 in zip(hidden_ND.split(chunk), at_N1.split(chunk), strict=True):
            torch.mm(h_CD, head.weight.T, out=logits_CV)
            if head.bias is not None:
                logits_CV += head.bias
            torch.softmax(logits_CV, 1, out=d_CV)
            right_C1 = d_CV.gather(1, at_C1)
            losses.append(-right_C1[:, 0].to(wide).clamp_min(torch.finfo(wide).tiny).log())
            grads.append(d_CV.scatter_(1, at_C1, right_C1 - 1) @ head.weight)
        ctx.save_for_backward(torch.cat(grads)[:count].to(hidden.dtype))
        return torch.cat(losses)[:count]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        (dh_ND,) = ctx.saved_tensors
        return dh_ND * grads[0][:, None].to(dh_ND.dtype), None, None, None


def head_loss(hidden_ND: Tensor, labels_N: Tensor, head: nn.Linear, chunk: int = POSITIONS_A_CHUNK) -> Tensor:
    """Cross-entropy (nats) of each position's label under softmax(head(hidden)), [N]; the head is frozen.

    Logits and probabilities are of the head's number type; what torch adds up for them is in float32. A loss ends at 87
    nats, and in bfloat16 is right to 0.004.
    """
    losses: Tensor = _HeadLoss.apply(hidden_ND, labels_N, head, chunk)  # type: ignore[no-untyped-call]
    return losses


def whole(base: Base) -> Read:
    """Reads rows by all layers of the base."""
    return lambda rows, layout: base.hidden_of_rows([row.ids for row in rows], layout)


def losses_of_rows(base: Base, read: Read, rows: Sequence[Row], layout: Layout) -> Tensor:
    """Weighted mean cross-entropy of each row under the slot that is on for it, [S]."""
    hidden_ND = read(rows, layout)
    where = layout.lay([range(len(row.ids)) for row in rows], -1)
    at = {(layout.owners[i], place): i for i, place in enumerate(where) if place >= 0}
    targets = [(at[owner, place], label, owner, weight)
               for owner, row in enumerate(rows) for (place, label), weight in row.targets.items()]  # fmt: skip
    where_M, label_M, row_M = torch.tensor([target[:3] for target in targets], device=base.device).T
    losses_M = head_loss(hidden_ND[where_M], label_M, base.loss_head)
    weight_M = losses_M.new_tensor([target[3] for target in targets])
    return losses_M.new_zeros(len(rows)).index_add(0, row_M, losses_M * weight_M)
