"""Cross-entropy of the labelled positions, with its gradient made in the forward pass.

Axes: N labelled positions, D hidden size, V vocabulary.
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
        losses, grads = [], []
        size, wide = min(POSITIONS_A_CHUNK, len(labels)), torch.promote_types(head.weight.dtype, torch.float32)
        # Fresh blocks of this size would cost as much as the products: the system clears each of their pages.
        logits = hidden.new_empty(size, head.out_features, dtype=head.weight.dtype)
        probabilities = torch.empty_like(logits, dtype=wide)
        for h_ND, label_N in zip(hidden.split(POSITIONS_A_CHUNK), labels.split(POSITIONS_A_CHUNK), strict=True):
            logits_NV, d_NV, at = logits[: len(h_ND)], probabilities[: len(h_ND)], label_N[:, None]
            torch.mm(h_ND.to(logits.dtype), head.weight.T, out=logits_NV)
            if head.bias is not None:
                logits_NV += head.bias
            torch.softmax(logits_NV, 1, dtype=wide, out=d_NV)
            right_N1 = d_NV.gather(1, at)
            losses.append(-right_N1[:, 0].clamp_min(torch.finfo(wide).tiny).log())
            d_NV.scatter_(1, at, right_N1 - 1)
            grads.append(logits_NV.copy_(d_NV) @ head.weight)
        ctx.save_for_backward(torch.cat(grads).to(hidden.dtype))
        return torch.cat(losses)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (dh_ND,) = ctx.saved_tensors
        return dh_ND * grads[0][:, None].to(dh_ND.dtype), None, None


def head_loss(hidden_ND: Tensor, labels_N: Tensor, head: nn.Linear) -> Tensor:
    """Cross-entropy (nats) of each position's label under softmax(head(hidden)), [N]; the head is frozen.

    Logits are of the head's number type, their softmax is taken in float32, where a loss ends at 87 nats.
    """
    losses: Tensor = _HeadLoss.apply(hidden_ND, labels_N, head)  # type: ignore[no-untyped-call]
    return losses
