"""Batched LoRA (Hu et al. 2021, arXiv 2106.09685, sec. 4): many adapters on one frozen base, in one pass.

Axes: S slots (one adapter each), R rows = S * rows per slot, T positions, I in-features, O out-features,
r rank. Rows are slot-major: row i belongs to slot i // (R / S).

Gradients do not go through autograd's leaves: the backward pass writes each slot's own gradient straight
into one flat buffer, so that clipping and the optimizer step are one operation over all adapters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from agent.errors import ModelError


class Switch:
    """Shared by all layers of a model: how many slots are on. None means the bare base."""

    def __init__(self) -> None:
        self.slots: int | None = None


def _apply(y: Tensor, x: Tensor, a: Tensor, b: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """y + scale * B A x in the adapters' number type, and h = scale * A x, which the backward pass needs."""
    slots = scale.shape[0]
    x_SNI = x.reshape(slots, -1, x.shape[-1]).to(a.dtype)
    h_SNr = torch.bmm(x_SNI, a[:slots].transpose(1, 2)).mul_(scale.view(slots, 1, 1))
    y_SNO = y.reshape(slots, -1, y.shape[-1]).to(a.dtype)
    return torch.baddbmm(y_SNO, h_SNr, b[:slots].transpose(1, 2)).to(y.dtype).view(y.shape), h_SNr


class _SlotLoRA(torch.autograd.Function):
    """y + scale * B A x for each slot, with the weights' gradients written into the flat buffer."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, x: Tensor, a: Tensor, b: Tensor, scale: Tensor, layer: LoRALayer) -> Tensor:
        out, h_SNr = _apply(y, x, a, b, scale)
        ctx.save_for_backward(x, h_SNr)
        ctx.layer, ctx.scale = layer, scale
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad,) = grads
        x, h_SNr = ctx.saved_tensors
        layer, slots = ctx.layer, ctx.scale.shape[0]
        dy_SNO = grad.reshape(slots, -1, grad.shape[-1]).to(layer.b.dtype)
        x_SNI = x.reshape(slots, -1, x.shape[-1]).to(layer.a.dtype)
        layer.b_grad[:slots].baddbmm_(dy_SNO.transpose(1, 2), h_SNr)
        dh_SNr = torch.bmm(dy_SNO, layer.b[:slots]).mul_(ctx.scale.view(slots, 1, 1))
        layer.a_grad[:slots].baddbmm_(dh_SNr.transpose(1, 2), x_SNI)
        dx = torch.bmm(dh_SNr, layer.a[:slots]).to(x.dtype).view(x.shape) if ctx.needs_input_grad[1] else None
        return grad, dx, None, None, None, None


class LoRALayer(nn.Module):
    """A frozen linear layer and its slots. With the switch off it is the base layer, bit for bit."""

    a: Tensor
    b: Tensor
    a_grad: Tensor
    b_grad: Tensor
    scale: Tensor

    def __init__(self, base: nn.Module, switch: Switch, name: str) -> None:
        super().__init__()
        self.base, self.switch, self.name = base, switch, name
        weight = base.weight
        assert isinstance(weight, Tensor)
        # GPT-2's Conv1D keeps its weight as [in, out], nn.Linear as [out, in].
        self.fan_in_fan_out = isinstance(base, Conv1D)
        self.out_features, self.in_features = weight.shape[::-1] if self.fan_in_fan_out else weight.shape

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.base(x)
        slots = self.switch.slots
        if slots is None:
            return y
        if torch.is_grad_enabled():
            out: Tensor = _SlotLoRA.apply(  # type: ignore[no-untyped-call]
                y, x, self.a, self.b, self.scale[:slots], self
            )
            return out
        return _apply(y, x, self.a, self.b, self.scale[:slots])[0]


def attach(model: nn.Module) -> tuple[Switch, list[LoRALayer]]:
    """Put a LoRALayer around every linear layer except the output head ("all-linear", as PEFT calls it).

    Raises:
        ModelError: the model has no linear layer that could be adapted.
    """
    switch = Switch()
    head = model.get_output_embeddings()  # type: ignore[operator]
    layers: list[LoRALayer] = []
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear | Conv1D) and module is not head:
            parent = model.get_submodule(name.rpartition(".")[0])
            layer = LoRALayer(module, switch, name)
            setattr(parent, name.rpartition(".")[2], layer)
            layers.append(layer)
    if not layers:
        raise ModelError("this model has no linear layer to adapt", "choose a causal language model")
    return switch, layers


class Slots:
    """The weights of S adapters side by side, as views of one flat [S, P] buffer.

    A slot whose rank is under the largest is padded with zeros, which stay zero: the gradient of a
    zero row of A through a zero column of B is zero.
    """

    def __init__(self, layers: Sequence[LoRALayer], switch: Switch, count: int, rank: int, train: bool) -> None:
        self.layers, self.switch, self.count, self.rank = layers, switch, count, rank
        weight = layers[0].base.weight
        assert isinstance(weight, Tensor)
        size = sum(rank * (layer.in_features + layer.out_features) for layer in layers)
        # Adapters are kept in float32 under a bfloat16 base, as PEFT does: Adam's small steps would be lost in it.
        dtype = torch.promote_types(weight.dtype, torch.float32)
        self.flat = torch.zeros(count, size, device=weight.device, dtype=dtype)
        self.grad = torch.zeros_like(self.flat) if train else None
        self.scale = torch.zeros(count, device=weight.device, dtype=dtype)
        self.bind()

    def bind(self) -> None:
        """Make the layers use this set of slots; the last one bound is the one in use."""
        at = 0
        for layer in self.layers:
            a_size, b_size = self.rank * layer.in_features, self.rank * layer.out_features
            shape_a, shape_b = (self.rank, layer.in_features), (layer.out_features, self.rank)
            layer.a = self.flat[:, at : at + a_size].unflatten(1, shape_a)
            layer.b = self.flat[:, at + a_size : at + a_size + b_size].unflatten(1, shape_b)
            if self.grad is not None:
                layer.a_grad = self.grad[:, at : at + a_size].unflatten(1, shape_a)
                layer.b_grad = self.grad[:, at + a_size : at + a_size + b_size].unflatten(1, shape_b)
                layer.a.requires_grad_()  # so that autograd records the layer; its gradient goes to a_grad
            layer.scale = self.scale
            at += a_size + b_size

    def init(self, slot: int, rank: int, alpha: float, seed: int) -> None:
        """A uniform as PEFT draws it (Kaiming, a = sqrt(5): bound 1 / sqrt(in)), B zero."""
        generator = torch.Generator().manual_seed(seed)
        self.scale[slot] = alpha / rank
        with torch.no_grad():
            for layer in self.layers:
                bound = layer.in_features**-0.5
                draw = torch.empty(rank, layer.in_features).uniform_(-bound, bound, generator=generator)
                layer.a[slot, :rank] = draw.to(layer.a)

    def weights(self, slot: int, rank: int) -> Iterator[tuple[LoRALayer, Tensor, Tensor]]:
        """Each layer with its A [r, I] and B [O, r], as views."""
        for layer in self.layers:
            yield layer, layer.a.detach()[slot, :rank], layer.b.detach()[slot, :, :rank]

    @contextmanager
    def on(self, slots: int) -> Iterator[None]:
        """Turn the first `slots` slots on; rows of a batch are slot-major."""
        self.switch.slots = slots
        try:
            yield
        finally:
            self.switch.slots = None
