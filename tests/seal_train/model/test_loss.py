"""The loss that makes its own gradient, against torch's."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from seal_train.model import loss


@pytest.mark.parametrize("chunk", [3, 512])
def test_loss_and_gradient_equal_those_of_torch(chunk: int) -> None:
    draw = torch.Generator().manual_seed(0)
    head = nn.Linear(8, 50, bias=False, dtype=torch.float64).requires_grad_(False)
    labels = torch.randint(50, (7,), generator=draw)
    weights = torch.rand(7, generator=draw, dtype=torch.float64)
    ours = torch.randn(7, 8, generator=draw, dtype=torch.float64).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    found = loss.head_loss(ours, labels, head, chunk)
    expected = nn.functional.cross_entropy(head(theirs), labels, reduction="none")
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    (found * weights).sum().backward()
    (expected * weights).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-12, atol=1e-12)


def test_a_narrow_head_gives_a_loss_of_its_precision_and_the_gradient_of_the_input() -> None:
    draw = torch.Generator().manual_seed(0)
    head = nn.Linear(64, 50, bias=False).requires_grad_(False)
    hidden = torch.randn(7, 64, generator=draw)
    labels = torch.randint(50, (7,), generator=draw)
    ours, exact = hidden.clone().requires_grad_(), hidden.clone().requires_grad_()
    loss.head_loss(exact, labels, head).sum().backward()
    narrow = nn.Linear(64, 50, bias=False, dtype=torch.bfloat16).requires_grad_(False)
    narrow.load_state_dict(head.state_dict())
    found = loss.head_loss(ours, labels, narrow)
    found.sum().backward()
    assert found.dtype == torch.float32
    assert ours.grad is not None
    assert exact.grad is not None
    assert ours.grad.dtype == torch.float32
    torch.testing.assert_close(ours.grad, exact.grad, rtol=0.05, atol=0.02)
