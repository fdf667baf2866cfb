"""What an adapter changed in its base, and which of its training sequences moved an answer.

Needs torch, transformers, peft and safetensors alone. Axes: P adapter parameters, r rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from agent.errors import AdapterError, TrainerError
from agent.ports.attribution import OUTSIDE, Change, Influence
from seal_train.adapters.folders import LAYERS, OTHER_BASE, load, read
from seal_train.model.attention import rows_apart
from seal_train.model.base import Base
from seal_train.model.encoding import Row, Sequence_, encode, longest_sequence
from seal_train.model.layout import Layout
from seal_train.model.lora import LoRALayer, Slots
from seal_train.model.loss import losses_of_rows, whole
from seal_train.training.room import refusals

if TYPE_CHECKING:
    from agent.ports import Progress, Query
    from agent.records import Example


class LocalAttributor:
    """The Attributor port on this machine."""

    def __init__(self, base: Base) -> None:
        self.base = base

    def changes(self, adapter: Path) -> list[Change]:
        saved = read(adapter)
        layers = {layer.name: layer for layer in self.base.layers}
        if not set(saved.modules) <= layers.keys():
            raise AdapterError(adapter, OTHER_BASE, "")
        changed = [layer for name, layer in layers.items() if name in saved.modules]
        for layer in changed:
            a, b = saved.factors(layer.name)
            if (len(b), a.shape[1]) != (layer.out_features, layer.in_features):
                raise AdapterError(adapter, OTHER_BASE, "")
        return [_change(it, saved.scale_of(it.name) * product_norm(*saved.factors(it.name))) for it in changed]

    def influences(
        self, asked: Query, answer: str, examples: Sequence[Example], progress: Progress | None = None
    ) -> list[Influence]:
        """By the gradients of their losses to the adapter's weights: TracIn (Pruthi et al. 2020, arXiv 2002.08484, sec.
        3) with the published adapter as the one checkpoint, and the same with both gradients scaled to length one."""
        assert asked.adapter is not None, "the bare base was trained on none of them"
        try:
            with self.base.lock, refusals():
                gradients = Gradients(self.base, asked.adapter)
                of_answer_P = gradients.of([_answered(self.base, asked.prompt, answer)]).clone()
                found = []
                for done, example in enumerate(examples, 1):
                    sequences = encode(self.base, [example], longest_sequence(self.base))
                    found.append(_influence(of_answer_P, gradients.of(sequences)))
                    if progress:
                        progress(done, len(examples))
        except MemoryError as error:
            mend = "end other programs, or run it on a machine with more memory"
            raise TrainerError("not enough memory for the gradients of one sequence", mend) from error
        return found


class Gradients:
    """Gradients to the weights of one adapter, at what they are."""

    def __init__(self, base: Base, folder: Path) -> None:
        saved = read(folder)
        self.base, lowest = base, min(saved.config.get(LAYERS) or [0])
        self.slots = Slots(base.layers, base.switch, 1, saved.rank, train=True, lowest=lowest)
        # The ratio that `load` multiplies into B is no part of the adapter's own weights, of which the gradients are.
        with torch.no_grad():
            self.slots.flat.fill_(1)
            for layer in self.slots.layers:
                if layer.name in saved.modules:
                    self.slots.of[layer][1].mul_(saved.beyond(layer.name))
            self.own_P = self.slots.flat[0].clone()
            self.slots.flat.zero_()
        load(self.slots, 0, folder)

    def of(self, sequences: Sequence[Sequence_]) -> Tensor:
        """The gradient of the sum of the sequences' losses, [P]."""
        assert self.slots.grad is not None
        total_P = torch.zeros_like(self.own_P)
        for sequence in sequences:
            layout = Layout.of([len(sequence.ids)])
            with self.slots.on(layout), rows_apart(self.base.model):
                losses_of_rows(self.base, whole(self.base), [Row((sequence,))], layout).sum().backward()
            total_P += self.slots.grad[0]
        return total_P.mul_(self.own_P)


def product_norm(a: Tensor, b: Tensor) -> float:
    """The Frobenius norm of B A, for A [r, I] and B [O, r], without their product: the trace of (B^T B)(A A^T)."""
    a, b = a.double(), b.double()
    return float(((b.T @ b) * (a @ a.T)).sum().clamp_min(0).sqrt())


def _change(layer: LoRALayer, norm: float) -> Change:
    within = f".{layer.pattern}.{layer.depth}."
    _, inside, kind = f".{layer.name}".partition(within)
    base = float(layer.weight.detach().double().norm())
    return Change(layer.name, layer.depth if inside else OUTSIDE, kind or layer.name, abs(norm), base)


def _answered(base: Base, prompt: str, answer: str) -> Sequence_:
    """The prompt with the answer that was given to it, of which alone the loss is taken."""
    asked, said = (base.tokenizer(text, add_special_tokens=False).input_ids for text in (prompt, f" {answer}"))
    return Sequence_((*asked, *said), len(asked))


def _influence(one_P: Tensor, other_P: Tensor) -> Influence:
    dot, lengths = float(one_P @ other_P), float(one_P.norm() * other_P.norm())
    return Influence(dot, dot / lengths if lengths else 0.0)
