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
    """Shared by all layers of a model: how many slots are on, and from which decoder layer up.

    `slots` None means the bare base.
    """

    def __init__(self) -> None:
        self.slots: int | None = None
        self.lowest = 0


def _adapted(x: Tensor, layer: LoRALayer, slots: int) -> tuple[Tensor, Tensor]:
    """W x + scale * B A x, and h = scale * A x in the adapters' number type, which the backward pass needs."""
    y, a, b = layer.product(x), layer.a[:slots], layer.b[:slots]
    h_SNr = torch.bmm(x.reshape(slots, -1, x.shape[-1]).to(a.dtype), a.transpose(1, 2))
    h_SNr.mul_(layer.scale[:slots].view(slots, 1, 1))
    y_SNO = y.view(slots, -1, y.shape[-1])
    if y.dtype == a.dtype:
        return y_SNO.baddbmm_(h_SNr, b.transpose(1, 2)).view(y.shape), h_SNr
    return torch.baddbmm(y_SNO.to(a.dtype), h_SNr, b.transpose(1, 2)).to(y.dtype).view(y.shape), h_SNr


class _SlotLoRA(torch.autograd.Function):
    """W x + scale * B A x for each slot, with the adapters' gradients written into the flat buffer."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, a: Tensor, layer: LoRALayer, slots: int) -> Tensor:
        out, h_SNr = _adapted(x, layer, slots)
        ctx.save_for_backward(x, h_SNr)
        ctx.layer, ctx.slots = layer, slots
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad,) = grads
        x, h_SNr = ctx.saved_tensors
        layer, slots = ctx.layer, ctx.slots
        a, b = layer.a.detach()[:slots], layer.b.detach()[:slots]
        dy_SNO = grad.reshape(slots, -1, grad.shape[-1]).to(b.dtype)
        x_SNI = x.reshape(slots, -1, x.shape[-1]).to(a.dtype)
        layer.b_grad[:slots].baddbmm_(dy_SNO.transpose(1, 2), h_SNr, beta=0)  # beta 0: whatever was there is replaced
        dh_SNr = torch.bmm(dy_SNO, b).mul_(layer.scale[:slots].view(slots, 1, 1))
        layer.a_grad[:slots].baddbmm_(dh_SNr.transpose(1, 2), x_SNI, beta=0)
        if not ctx.needs_input_grad[0]:
            return None, None, None, None
        dx_SNI = layer.product_back(grad).view(x_SNI.shape).to(a.dtype)
        return dx_SNI.baddbmm_(dh_SNr, a).to(x.dtype).view(x.shape), None, None, None


class LoRALayer(nn.Module):
    """A frozen linear layer of the decoder layer `depth`, and its slots.

    With the switch off, or below the lowest decoder layer that is on, it is the base layer, bit for bit.
    The base's weight may be of a narrower number type than what comes in: the product is then taken in that
    type, and what goes out is of the type of what came in.
    """

    a: Tensor
    b: Tensor
    a_grad: Tensor
    b_grad: Tensor
    scale: Tensor

    def __init__(self, base: nn.Module, switch: Switch, name: str) -> None:
        super().__init__()
        self.base, self.switch, self.name = base, switch, name
        parts = name.split(".")
        at = next((i for i, part in enumerate(parts) if part.isdigit()), None)
        self.depth = int(parts[at]) if at is not None else 0
        self.pattern = parts[at - 1] if at else ""  # what the model calls its list of decoder layers
        weight = base.weight
        assert isinstance(weight, Tensor)
        # GPT-2's Conv1D keeps its weight as [in, out], nn.Linear as [out, in].
        self.fan_in_fan_out = isinstance(base, Conv1D)
        self.out_features, self.in_features = weight.shape[::-1] if self.fan_in_fan_out else weight.shape

    def product(self, x: Tensor) -> Tensor:
        """W x and the bias, in x's number type."""
        y: Tensor = self.base(x.to(self.base.weight.dtype))  # type: ignore[arg-type]
        return y.to(x.dtype)

    def product_back(self, grad: Tensor) -> Tensor:
        """The gradient of `product` to its input, in grad's number type."""
        weight = self.base.weight
        assert isinstance(weight, Tensor)
        flat = grad.reshape(-1, grad.shape[-1]).to(weight.dtype)
        return (flat @ (weight.T if self.fan_in_fan_out else weight)).to(grad.dtype)

    def forward(self, x: Tensor) -> Tensor:
        slots = self.switch.slots
        if slots is None or self.depth < self.switch.lowest:
            return self.product(x)
        if torch.is_grad_enabled():
            out: Tensor = _SlotLoRA.apply(x, self.a, self, slots)  # type: ignore[no-untyped-call]
            return out
        return _adapted(x, self, slots)[0]


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


def lowest_adapted(layers: Sequence[LoRALayer], share: float) -> int:
    """The first of the decoder layers that make up the upper `share`, 0 < share <= 1; at least one is left."""
    depth = max(layer.depth for layer in layers) + 1
    return min(depth - 1, round(depth * (1 - share)))


class Slots:
    """The weights of S adapters side by side, as views of one flat [S, P] buffer, from decoder layer `lowest` up.

    A slot whose rank is under the largest, or that begins further up, is padded with zeros, which stay zero:
    the gradient of a zero row of A through a zero column of B is zero.
    """

    def __init__(
        self, layers: Sequence[LoRALayer], switch: Switch, count: int, rank: int, train: bool, lowest: int = 0
    ) -> None:
        self.layers = [layer for layer in layers if layer.depth >= lowest]
        self.switch, self.count, self.rank, self.lowest = switch, count, rank, lowest
        weight = layers[0].base.weight
        assert isinstance(weight, Tensor)
        size = sum(rank * (layer.in_features + layer.out_features) for layer in self.layers)
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

    def init(self, slot: int, rank: int, alpha: float, seed: int, lowest: int = 0) -> None:
        """A uniform as PEFT draws it (Kaiming, a = sqrt(5): bound 1 / sqrt(in)), B zero."""
        generator = torch.Generator().manual_seed(seed)
        self.scale[slot] = alpha / rank
        with torch.no_grad():
            for layer in self.above(lowest):
                bound = layer.in_features**-0.5
                draw = torch.empty(rank, layer.in_features).uniform_(-bound, bound, generator=generator)
                layer.a[slot, :rank] = draw.to(layer.a)

    def above(self, lowest: int) -> list[LoRALayer]:
        """The layers of these slots from decoder layer `lowest` up."""
        return [layer for layer in self.layers if layer.depth >= lowest]

    def weights(self, slot: int, rank: int, lowest: int = 0) -> Iterator[tuple[LoRALayer, Tensor, Tensor]]:
        """Each layer from `lowest` up with its A [r, I] and B [O, r], as views."""
        for layer in self.above(lowest):
            yield layer, layer.a.detach()[slot, :rank], layer.b.detach()[slot, :, :rank]

    @contextmanager
    def on(self, slots: int) -> Iterator[None]:
        """Turn the first `slots` slots on; rows of a batch are slot-major."""
        self.switch.slots, self.switch.lowest = slots, self.lowest
        try:
            yield
        finally:
            self.switch.slots = None
