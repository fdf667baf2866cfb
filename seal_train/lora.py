"""Batched LoRA (Hu et al. 2021, arXiv 2106.09685, sec. 4): many adapters on one frozen base, in one pass.

Axes: S slots (one adapter each), R rows = S * rows per slot, T positions, I in-features, O out-features,
r rank. Rows are slot-major: row i belongs to slot i // (R / S).

Gradients do not go through autograd's leaves: the backward pass writes each slot's own gradient straight
into one flat buffer, so that clipping and the optimizer step are one operation over all adapters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
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


class Joint:
    """Linear layers that read the same input (a block's query, key and value; gate and up): one product for all.

    Their weights become parts of one matrix, and so do their A's, side by side in the flat buffer. Most layers are
    alone in theirs. `a` is [S, layers * r, I].
    """

    a: Tensor
    a_grad: Tensor
    scale: Tensor

    def __init__(self, layers: Sequence[LoRALayer], switch: Switch) -> None:
        self.layers, self.switch = layers, switch
        self.in_features, self.sizes = layers[0].in_features, [layer.out_features for layer in layers]
        self.weight, self.bias = layers[0].weight, layers[0].bias
        if len(layers) > 1:
            self.weight = self._one("weight")
            self.bias = self._one("bias") if self.bias is not None else None
        self._read: Tensor | None = None
        self._made: dict[LoRALayer, Tensor] = {}

    def _one(self, name: str) -> Tensor:
        """The layers' weights or biases in one tensor, of which each layer keeps its part."""
        whole = torch.cat([getattr(layer.base, name).data for layer in self.layers])
        for layer, part in zip(self.layers, whole.split(self.sizes), strict=True):
            getattr(layer.base, name).data = part
        return whole

    def output(self, x: Tensor, layer: LoRALayer) -> Tensor:
        """What `layer` makes of x. The first of the layers that is asked makes it for all; nothing is kept longer."""
        if x is not self._read or layer not in self._made:
            slots = self.switch.slots
            assert slots is not None
            run = _SlotLoRA.apply if torch.is_grad_enabled() else partial(_forward, None)
            self._read, self._made = x, dict(zip(self.layers, run(x, self.a, self, slots), strict=True))
        out = self._made.pop(layer)
        if not self._made:
            self._read = None
        return out

    def product(self, x: Tensor) -> Tensor:
        """W x and the biases, in the base's number type."""
        flat = x.reshape(-1, x.shape[-1]).to(self.weight.dtype)
        if self.layers[0].fan_in_fan_out:
            return flat @ self.weight if self.bias is None else torch.addmm(self.bias, flat, self.weight)
        return nn.functional.linear(flat, self.weight, self.bias)

    def product_back(self, grads: Sequence[Tensor]) -> Tensor:
        """The gradient of `product` to its input, in the base's number type."""
        flat = torch.cat([grad.reshape(-1, grad.shape[-1]).to(self.weight.dtype) for grad in grads], dim=1)
        return flat @ (self.weight.T if self.layers[0].fan_in_fan_out else self.weight)


def _forward(ctx: Any, x: Tensor, a: Tensor, joint: Joint, slots: int) -> tuple[Tensor, ...]:
    """W x + scale * B A x of each layer. What the backward pass needs, x and h = scale * A x, goes to `ctx`."""
    a = a[:slots]
    h_SNR = torch.bmm(x.reshape(slots, -1, x.shape[-1]).to(a.dtype), a.transpose(1, 2))
    h_SNR.mul_(joint.scale[:slots].view(slots, 1, 1))
    if ctx is not None:
        ctx.save_for_backward(x, h_SNR)
        ctx.joint, ctx.slots = joint, slots
    outs = []
    parts = joint.product(x).split(joint.sizes, dim=1), h_SNR.chunk(len(joint.layers), dim=2)
    for layer, y_XO, h_SNr in zip(joint.layers, *parts, strict=True):
        y_SNO = y_XO.view(slots, -1, y_XO.shape[-1]).to(a.dtype)
        add = y_SNO.baddbmm_ if y_SNO.is_contiguous() else partial(torch.baddbmm, y_SNO)  # no part of a joint product
        y_SNO = add(h_SNr, layer.b[:slots].transpose(1, 2))
        outs.append(y_SNO.to(x.dtype).view(*x.shape[:-1], y_SNO.shape[-1]))
    return tuple(outs)


class _SlotLoRA(torch.autograd.Function):
    """W x + scale * B A x for each slot, with the adapters' gradients written into the flat buffer."""

    forward = staticmethod(_forward)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, h_SNR = ctx.saved_tensors
        joint, slots = ctx.joint, ctx.slots
        a_SRI = joint.a.detach()[:slots]
        x_SNI, dh_SNR = x.reshape(slots, -1, x.shape[-1]).to(a_SRI.dtype), torch.empty_like(h_SNR)
        parts = h_SNR.chunk(len(joint.layers), dim=2), dh_SNR.chunk(len(joint.layers), dim=2)
        for layer, grad, h_SNr, dh_SNr in zip(joint.layers, grads, *parts, strict=True):
            dy_SNO = grad.reshape(slots, -1, grad.shape[-1]).to(a_SRI.dtype)
            layer.b_grad[:slots].baddbmm_(dy_SNO.transpose(1, 2), h_SNr, beta=0)  # beta 0: it replaces what was there
            dh_SNr.copy_(torch.bmm(dy_SNO, layer.b.detach()[:slots]))
        dh_SNR.mul_(joint.scale[:slots].view(slots, 1, 1))
        joint.a_grad[:slots].baddbmm_(dh_SNR.transpose(1, 2), x_SNI, beta=0)
        if not ctx.needs_input_grad[0]:
            return None, None, None, None
        dx_SNI = joint.product_back(grads).view(x_SNI.shape).to(a_SRI.dtype)
        return dx_SNI.baddbmm_(dh_SNR, a_SRI).to(x.dtype).view(x.shape), None, None, None


class LoRALayer(nn.Module):
    """A frozen linear layer of the decoder layer `depth`, and its slots.

    With the switch off, or below the lowest decoder layer that is on, it is the base layer, bit for bit.
    The base's weight may be of a narrower number type than what comes in: the product is then taken in that
    type, and what goes out is of the type of what came in.
    """

    a: Tensor
    b: Tensor
    b_grad: Tensor
    joint: Joint

    def __init__(self, base: nn.Module, switch: Switch, name: str) -> None:
        super().__init__()
        self.base, self.switch, self.name = base, switch, name
        parts = name.split(".")
        at = next((i for i, part in enumerate(parts) if part.isdigit()), None)
        self.depth = int(parts[at]) if at is not None else 0
        self.pattern = parts[at - 1] if at else ""  # what the model calls its list of decoder layers
        # GPT-2's Conv1D keeps its weight as [in, out], nn.Linear as [out, in].
        self.fan_in_fan_out = isinstance(base, Conv1D)
        self.out_features, self.in_features = self.weight.shape[::-1] if self.fan_in_fan_out else self.weight.shape

    @property
    def weight(self) -> Tensor:
        weight = self.base.weight
        assert isinstance(weight, Tensor)
        return weight

    @property
    def bias(self) -> Tensor | None:
        bias = self.base.bias
        assert bias is None or isinstance(bias, Tensor)
        return bias

    def forward(self, x: Tensor) -> Tensor:
        if self.switch.slots is None or self.depth < self.switch.lowest:
            y: Tensor = self.base(x.to(self.weight.dtype))
            return y.to(x.dtype)
        return self.joint.output(x, self)


def attach(model: nn.Module, narrow: torch.dtype | None = None) -> tuple[Switch, list[LoRALayer]]:
    """Put a LoRALayer around every linear layer except the output head ("all-linear", as PEFT calls it).

    `narrow` is a number type that their weights are to take.

    Raises:
        ModelError: the model has no linear layer that could be adapted.
    """
    switch = Switch()
    head = model.get_output_embeddings()  # type: ignore[operator]
    linear = {n: m for n, m in model.named_modules() if isinstance(m, nn.Linear | Conv1D) and m is not head}
    if not linear:
        raise ModelError("this model has no linear layer to adapt", "choose a causal language model")
    layers: dict[nn.Module, LoRALayer] = {}
    groups = _same_input(model, list(linear.values()))
    for name, module in linear.items():
        layers[module] = LoRALayer(module.to(narrow), switch, name)
        setattr(model.get_submodule(name.rpartition(".")[0]), name.rpartition(".")[2], layers[module])
    for group in groups:
        joint = Joint([layers[module] for module in group], switch)
        for layer in joint.layers:
            layer.joint = joint
    return switch, list(layers.values())


def _same_input(model: nn.Module, linear: Sequence[nn.Module]) -> list[list[nn.Module]]:
    """Layers that are given the very same tensor, together; the others alone. Seen in one pass through the model."""
    read: dict[nn.Module, Tensor] = {}
    hooks = [module.register_forward_pre_hook(lambda m, given: read.update({m: given[0]})) for module in linear]
    with torch.no_grad():
        model(input_ids=torch.tensor([[1, 2, 3]], device=next(model.parameters()).device))
    for hook in hooks:
        hook.remove()
    groups: dict[tuple[int, bool], list[nn.Module]] = {}
    for module in linear:
        alone = isinstance(module, Conv1D) or module not in read
        groups.setdefault((id(module if alone else read[module]), module.bias is None), []).append(module)
    return list(groups.values())


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
        self.joints = list(dict.fromkeys(layer.joint for layer in self.layers))
        weight = layers[0].weight
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
        for joint in self.joints:
            width = self.rank * joint.in_features
            n = len(joint.layers)
            joint.a = self.flat[:, at : at + n * width].unflatten(1, (n * self.rank, joint.in_features))
            joint.scale = self.scale
            if self.grad is not None:
                joint.a_grad = self.grad[:, at : at + n * width].unflatten(1, (n * self.rank, joint.in_features))
                joint.a.requires_grad_()  # so that autograd records the layers; its gradient goes to a_grad
            at += n * width
            for i, layer in enumerate(joint.layers):
                layer.a = joint.a.detach()[:, i * self.rank : (i + 1) * self.rank]
                end = at + self.rank * layer.out_features
                layer.b = self.flat[:, at:end].unflatten(1, (layer.out_features, self.rank))
                if self.grad is not None:
                    layer.b_grad = self.grad[:, at:end].unflatten(1, (layer.out_features, self.rank))
                at = end

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
