"""Cross-entropy of the labelled positions, with its gradient made in the forward pass.

Axes: N labelled positions, D hidden size, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

POSITIONS_A_CHUNK = 512
"""Logits of so many positions are in memory at once."""


class _HeadLoss(torch.autograd.Function):
    """The logits become their own gradient in place, so one [chunk, V] buffer is all that is ever held."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, labels: Tensor, head: nn.Linear) -> Tensor:
        losses, grads = [], []
        for h_ND, label_N in zip(hidden.split(POSITIONS_A_CHUNK), labels.split(POSITIONS_A_CHUNK), strict=True):
            logits_NV = head(h_ND.to(head.weight.dtype))
            logits_NV = logits_NV.to(torch.promote_types(logits_NV.dtype, torch.float32))
            at = label_N[:, None]
            right_N1 = logits_NV.gather(1, at)
            total_N1 = logits_NV.logsumexp(1, keepdim=True)
            losses.append((total_N1 - right_N1)[:, 0])
            d_NV = logits_NV.sub_(total_N1).exp_()
            d_NV.scatter_add_(1, at, torch.full_like(right_N1, -1.0))
            grads.append(d_NV.to(head.weight.dtype) @ head.weight)
        ctx.save_for_backward(torch.cat(grads).to(hidden.dtype))
        return torch.cat(losses)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (dh_ND,) = ctx.saved_tensors
        return dh_ND * grads[0][:, None].to(dh_ND.dtype), None, None


def head_loss(hidden_ND: Tensor, labels_N: Tensor, head: nn.Linear) -> Tensor:
    """Cross-entropy (nats) of each position's label under softmax(head(hidden)), [N]; the head is frozen.

    Logits are of the head's number type, their softmax is taken in float32.
    """
    losses: Tensor = _HeadLoss.apply(hidden_ND, labels_N, head)  # type: ignore[no-untyped-call]
    return losses
