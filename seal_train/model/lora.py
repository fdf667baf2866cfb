"""Batched LoRA (Hu et al. 2021, arXiv 2106.09685, sec. 4): many adapters on one frozen base, in one pass.

Axes: S slots (one adapter each), N positions of all rows, slot after slot, I in-features, O out-features,
r rank, R the ranks of layers that read the same input, side by side.

Gradients do not go through autograd's leaves: the backward pass writes each slot's own gradient straight
into one flat buffer, so that clipping and the optimizer step are one operation over all adapters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from agent.errors import ModelError
from seal_train.model.frozen import frozen_products
from seal_train.model.layout import Layout
from seal_train.model.parts import Parts, products, put_outer_products


class Switch:
    """Shared by all layers of a model: which slots are on, and which positions are theirs; None is the bare base."""

    def __init__(self) -> None:
        self.on: tuple[Slots, Parts] | None = None
        self.made: dict[Joint, tuple[Tensor, dict[LoRALayer, Tensor]]] = {}
        """What joints have read and made of it, for those of their layers that have not asked yet."""


@dataclass(frozen=True)
class Factors:
    """The adapters' part of a joint: A's of its layers one below the other, [S, layers * r, I], their B's, [S, O, r],
    and the gradients of both. Autograd records the layers for the sake of `leaf`. `kind` is the number type of their
    products: on a GPU the base's, else their own, in which small products are faster there than in bfloat16."""

    kind: torch.dtype
    a: Tensor
    b: list[Tensor]
    a_grad: Tensor
    b_grad: list[Tensor]
    leaf: Tensor


class Joint:
    """Linear layers that read the same input (a block's query, key and value; gate and up): one product for all.

    Their weights become parts of one matrix, and so do their A's, side by side in the flat buffer. Most layers are
    alone in theirs.
    """

    def __init__(self, layers: Sequence[LoRALayer], switch: Switch) -> None:
        self.layers, self.switch = layers, switch
        self.in_features, self.sizes = layers[0].in_features, [layer.out_features for layer in layers]
        self.weight, self.bias = layers[0].weight, layers[0].bias
        if len(layers) > 1:
            self.weight = self._one("weight")
            self.bias = self._one("bias") if self.bias is not None else None

    def _one(self, name: str) -> Tensor:
        """The layers' weights or biases in one tensor, of which each layer keeps its part."""
        whole = torch.cat([getattr(layer.base, name).data for layer in self.layers])
        for layer, part in zip(self.layers, whole.split(self.sizes), strict=True):
            getattr(layer.base, name).data = part
        return whole

    def output(self, x: Tensor, layer: LoRALayer) -> Tensor:
        """What `layer` makes of x. The first of the layers that is asked makes it for all; nothing is kept longer."""
        read, made = self.switch.made.pop(self, (None, {}))
        if x is not read or layer not in made:
            assert self.switch.on is not None
            slots, parts = self.switch.on
            factors = slots.factors[self]
            run = _SlotLoRA.apply if torch.is_grad_enabled() else partial(_forward, None)
            made = dict(zip(self.layers, run(x, factors.leaf, self, factors, parts), strict=True))
        out = made.pop(layer)
        if made:
            self.switch.made[self] = x, made
        return out

    @frozen_products()
    def product(self, flat: Tensor) -> Tensor:
        """W x and the biases."""
        if self.layers[0].fan_in_fan_out:
            return flat @ self.weight if self.bias is None else torch.addmm(self.bias, flat, self.weight)
        return nn.functional.linear(flat, self.weight, self.bias)

    @frozen_products()
    def product_back(self, flat: Tensor) -> Tensor:
        """The gradient of `product` to its input."""
        return flat @ (self.weight.T if self.layers[0].fan_in_fan_out else self.weight)


def _forward(ctx: Any, x: Tensor, leaf: Tensor, joint: Joint, factors: Factors, parts: Parts) -> tuple[Tensor, ...]:
    """W x + scale * B A x of each layer; x and h = scale * A x go to `ctx`."""
    x_NI = x.reshape(-1, x.shape[-1])
    y_NO = joint.product(x_NI.to(joint.weight.dtype))
    h_NR = products(x_NI.to(factors.kind), factors.a.transpose(1, 2), parts).mul_(parts.scale_N)
    outs: list[Tensor] = []
    outputs, ranks = y_NO.split(joint.sizes, dim=1), h_NR.chunk(len(joint.layers), dim=1)
    for b, part_NO, h in zip(factors.b, outputs, ranks, strict=True):
        out_NO = products(h, b.transpose(1, 2), parts).add_(part_NO)
        outs.append(out_NO.to(x.dtype).view(*x.shape[:-1], -1))
    if ctx is not None:
        ctx.save_for_backward(x, h_NR)
        ctx.joint, ctx.factors, ctx.parts = joint, factors, parts
    return tuple(outs)


class _SlotLoRA(torch.autograd.Function):
    """W x + scale * B A x for each slot, with the adapters' gradients written into the flat buffer."""

    forward = staticmethod(_forward)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, h_NR = ctx.saved_tensors
        joint, factors, parts = ctx.joint, ctx.factors, ctx.parts
        x_NI = x.reshape(-1, x.shape[-1])
        grads_NO = [grad.reshape(len(x_NI), -1).to(factors.kind) for grad in grads]
        dh: list[Tensor] = []
        for b, b_grad, dy_NO, h in zip(
            factors.b, factors.b_grad, grads_NO, h_NR.chunk(len(joint.layers), dim=1), strict=True
        ):
            put_outer_products(b_grad, dy_NO, h, parts)
            dh.append(products(dy_NO, b, parts))
        dh_NR = _joined(dh).mul_(parts.scale_N)
        put_outer_products(factors.a_grad, dh_NR, x_NI.to(factors.kind), parts)
        if not ctx.needs_input_grad[0]:
            return None, None, None, None, None
        narrow_NO = _joined([grad.to(joint.weight.dtype) for grad in grads_NO])
        dx_NI = products(dh_NR, factors.a, parts).add_(joint.product_back(narrow_NO))
        return dx_NI.to(x.dtype).view(x.shape), None, None, None, None


def _joined(parts: Sequence[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(list(parts), dim=1)


class LoRALayer(nn.Module):
    """A frozen linear layer of the decoder layer `depth`, and its slots.

    With the switch off, or below the lowest decoder layer that is on, it is the base layer, bit for bit.
    The base's weight may be of a narrower number type than what comes in: the product is then taken in that
    type, and what goes out is of the type of what came in.
    """

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
        if self.switch.on is None or self.depth < self.switch.on[0].lowest:
            with frozen_products():
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
        weight = layers[0].weight
        size = sum(rank * (layer.in_features + layer.out_features) for layer in self.layers)
        # Adapters are kept in float32 under a bfloat16 base, as PEFT does: Adam's small steps would be lost in it.
        dtype = torch.promote_types(weight.dtype, torch.float32)
        self.flat = torch.zeros(count, size, device=weight.device, dtype=dtype)
        self.grad = torch.zeros_like(self.flat) if train else None
        self.scale = torch.zeros(count, device=weight.device, dtype=dtype)
        self.factors: dict[Joint, Factors] = {}
        self.of: dict[LoRALayer, tuple[Tensor, Tensor]] = {}
        """A [S, r, I] and B [S, O, r] of each layer, as views of the flat weights."""
        at = 0
        for joint in dict.fromkeys(layer.joint for layer in self.layers):
            at = self._place(joint, at)

    def _place(self, joint: Joint, at: int) -> int:
        """Find a joint's part of the flat buffers. Returns where it ends."""
        n, size = len(joint.layers), self.rank * joint.in_features
        leaf = self.flat[:, at : at + n * size].requires_grad_(self.grad is not None)
        (a, a_grad), b, b_grad = self._part(at, n * self.rank, joint.in_features), [], []
        for i, layer in enumerate(joint.layers):
            begin = at + n * size + sum(joint.sizes[:i]) * self.rank
            part, grad = self._part(begin, layer.out_features, self.rank)
            self.of[layer] = a[:, i * self.rank : (i + 1) * self.rank], part
            b.append(part)
            b_grad.append(grad)
        kind = joint.weight.dtype if self.flat.is_cuda else self.flat.dtype
        self.factors[joint] = Factors(kind, a, b, a_grad, b_grad, leaf)
        return at + n * size + sum(joint.sizes) * self.rank

    def _part(self, at: int, rows: int, columns: int) -> tuple[Tensor, Tensor]:
        """Matrices [S, rows, columns] in the flat weights and, where this trains, in the flat gradients."""
        both = (self.flat.detach(), self.grad if self.grad is not None else self.flat.detach())
        a, b = (flat[:, at : at + rows * columns].unflatten(1, (rows, columns)) for flat in both)
        return a, b

    def init(self, slot: int, rank: int, alpha: float, seed: int, lowest: int = 0) -> None:
        """A uniform as PEFT draws it (Kaiming, a = sqrt(5): bound 1 / sqrt(in)), B zero, whatever was there."""
        generator = torch.Generator().manual_seed(seed)
        self.scale[slot] = alpha / rank
        with torch.no_grad():
            self.flat[slot].zero_()
            for layer in self.above(lowest):
                bound = layer.in_features**-0.5
                draw = torch.empty(rank, layer.in_features).uniform_(-bound, bound, generator=generator)
                self.of[layer][0][slot, :rank] = draw.to(self.flat)

    def above(self, lowest: int) -> list[LoRALayer]:
        """The layers of these slots from decoder layer `lowest` up."""
        return [layer for layer in self.layers if layer.depth >= lowest]

    def weights(self, slot: int, rank: int, lowest: int = 0) -> Iterator[tuple[LoRALayer, Tensor, Tensor]]:
        """Each layer from `lowest` up with its A [r, I] and B [O, r], as views."""
        for layer in self.above(lowest):
            a, b = self.of[layer]
            yield layer, a[slot, :rank], b[slot, :, :rank]

    @contextmanager
    def on(self, layout: Layout, first: int = 0) -> Iterator[None]:
        """Turn on the slots from `first` on, one for each row of the layout."""
        self.switch.on = self, Parts(layout, first, self.scale)
        try:
            yield
        finally:
            self.switch.on = None
            self.switch.made.clear()
