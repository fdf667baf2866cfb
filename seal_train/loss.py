"""Cross-entropy of the labelled positions, with its gradient made in the forward pass.

Axes: N labelled positions, C of a chunk, D hidden size, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

POSITIONS_A_CHUNK = 64
"""Logits of so many positions are in memory at once: blocks that the allocator keeps instead of giving them back."""


class _HeadLoss(torch.autograd.Function):
    """The probabilities become the gradient of the logits in place."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, labels: Tensor, head: nn.Linear) -> Tensor:
        count, wide = len(labels), torch.promote_types(head.weight.dtype, torch.float32)
        # All chunks are of one size: products of a new size are prepared anew, which takes longer than some positions.
        rest = -count % POSITIONS_A_CHUNK
        hidden_ND = nn.functional.pad(hidden.to(head.weight.dtype), (0, 0, 0, rest))
        losses, grads = [], []
        # Fresh blocks of this size would cost as much as the products: the system clears each of their pages.
        logits_CV = hidden_ND.new_empty(POSITIONS_A_CHUNK, head.out_features)
        d_CV = torch.empty_like(logits_CV)
        at_N1 = nn.functional.pad(labels, (0, rest))[:, None]
        for h_CD, at_C1 in zip(hidden_ND.split(POSITIONS_A_CHUNK), at_N1.split(POSITIONS_A_CHUNK), strict=True):
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
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (dh_ND,) = ctx.saved_tensors
        return dh_ND * grads[0][:, None].to(dh_ND.dtype), None, None


def head_loss(hidden_ND: Tensor, labels_N: Tensor, head: nn.Linear) -> Tensor:
    """Cross-entropy (nats) of each position's label under softmax(head(hidden)), [N]; the head is frozen.

    Logits and probabilities are of the head's number type; what torch adds up for them is in float32. A loss ends at 87
    nats, and in bfloat16 is right to 0.004.
    """
    losses: Tensor = _HeadLoss.apply(hidden_ND, labels_N, head)  # type: ignore[no-untyped-call]
    return losses
