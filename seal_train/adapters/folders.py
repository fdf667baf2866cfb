"""Adapters on disk: PEFT folders (adapter_config.json, safetensors, a model card). Never pickle."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from agent.errors import AdapterError, StoreError
from agent.files import whole_folder
from seal_train.model.lora import Slots, lowest_adapted

if TYPE_CHECKING:
    from agent.records import TrainSettings

WEIGHTS, CONFIG, CARD = "adapter_model.safetensors", "adapter_config.json", "README.md"
LAYERS = "layers_to_transform"
"""PEFT's key for the decoder layers that have an adapter; without it all have one."""
RANKS, ALPHAS, STABLE = "rank_pattern", "alpha_pattern", "use_rslora"
SCALES = (RANKS, ALPHAS, STABLE)
"""PEFT's keys for layers whose rank or alpha is not that of the others, and for rank-stabilized LoRA
(Kalajdzievski 2023, arXiv 2312.03732)."""
OTHER_BASE = "was trained on another base model"
ROOT, SUFFIX_A, SUFFIX_B = "base_model.model.", ".lora_A.weight", ".lora_B.weight"


def export(slots: Slots, slot: int, settings: TrainSettings, base: str, card: str, folder: Path) -> None:
    """Write one slot as a PEFT folder. It appears whole or not at all.

    Raises:
        OSError: the disk is full or not writable; no part of the folder is left behind.
    """
    state: dict[str, torch.Tensor] = {}
    lowest = lowest_adapted(slots.layers, settings.top_layers)
    layers = slots.above(lowest)
    for layer, a, b in slots.weights(slot, settings.rank, lowest):
        state |= named(layer.name, a.contiguous().cpu(), b.contiguous().cpu())
    config = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": base, "inference_mode": True,
        "r": settings.rank, "lora_alpha": settings.alpha, "lora_dropout": 0.0, "bias": "none",
        "fan_in_fan_out": any(layer.fan_in_fan_out for layer in layers),
        "target_modules": sorted({layer.name.rpartition(".")[2] for layer in layers}),
    }  # fmt: skip
    if lowest:
        config |= {LAYERS: sorted({layer.depth for layer in layers}), "layers_pattern": layers[0].pattern}
    write(folder, state, config, card)


def named(module: str, a: torch.Tensor, b: torch.Tensor) -> dict[str, torch.Tensor]:
    """A layer's factors under the names that PEFT gives them."""
    return {f"{ROOT}{module}{SUFFIX_A}": a, f"{ROOT}{module}{SUFFIX_B}": b}


def model_card(title: str, base: str, made: str, *more: str) -> str:
    """What stands beside an adapter's weights: for which base it was made, how, and a paragraph for each of `more`."""
    return "\n\n".join([f"# {title}", f"LoRA adapter for `{base}`, {made}", *more]) + "\n"


def write(folder: Path, state: dict[str, torch.Tensor], config: dict[str, Any], card: str) -> None:
    """Write a PEFT folder. It appears whole or not at all.

    Raises:
        OSError: the disk is full or not writable; no part of the folder is left behind.
    """
    with whole_folder(folder) as draft:
        try:
            save_file(state, draft / WEIGHTS, metadata={"format": "pt"})
        except SafetensorError as error:  # which is no OSError, also where the disk is full
            raise OSError(str(error)) from error
        (draft / CONFIG).write_text(json.dumps(config, indent=2) + "\n")
        (draft / CARD).write_text(card)


@dataclass(frozen=True)
class Saved:
    """A PEFT LoRA folder as it was read."""

    config: dict[str, Any]
    state: dict[str, torch.Tensor]

    @property
    def rank(self) -> int:
        """The largest rank of its layers."""
        return max(map(int, [self.config["r"], *(self.config.get(RANKS) or {}).values()]))

    @property
    def scale(self) -> float:
        """What the output of a layer is multiplied by that no pattern sets apart."""
        return self._scale(float(self.config["lora_alpha"]), int(self.config["r"]))

    @property
    def modules(self) -> list[str]:
        """The names of the layers that have factors, as the base model calls them."""
        return [name.removeprefix(ROOT).removesuffix(SUFFIX_A) for name in self.state if name.endswith(SUFFIX_A)]

    def factors(self, module: str) -> tuple[torch.Tensor, torch.Tensor]:
        """A [r, I] and B [O, r] of a layer; KeyError where it has none."""
        return self.state[f"{ROOT}{module}{SUFFIX_A}"], self.state[f"{ROOT}{module}{SUFFIX_B}"]

    def scale_of(self, module: str) -> float:
        """What the output of this layer is multiplied by."""
        alphas = self.config.get(ALPHAS)
        if not alphas and not self.config.get(RANKS):
            return self.scale
        from peft.utils.other import get_pattern_key

        alpha = (alphas or {}).get(get_pattern_key(list(alphas or ()), module), self.config["lora_alpha"])
        return self._scale(float(alpha), len(self.factors(module)[0]))

    def beyond(self, module: str) -> float:
        """How many times `scale` this layer's own scale is."""
        own = self.scale_of(module)
        return 1.0 if own == self.scale else own / self.scale

    def _scale(self, alpha: float, rank: int) -> float:
        return alpha / (math.sqrt(rank) if self.config.get(STABLE) else rank)


def read(folder: Path) -> Saved:
    """Config and weights of a PEFT LoRA folder: a rank, a scale, and both factors of each layer that it names.

    Raises:
        AdapterError: the folder is missing or damaged.
    """
    config = _config(folder)
    try:
        state = load_file(folder / WEIGHTS)
    except (OSError, ValueError, SafetensorError) as error:
        raise _unreadable(folder, error) from error
    factors = {name.replace(".lora_B.", ".lora_A.") for name in state}
    if missing := {*factors, *(name.replace(".lora_A.", ".lora_B.") for name in factors)} - state.keys():
        raise _unreadable(folder, f"{WEIGHTS} lacks {min(missing)}")
    return Saved(config, state)


def rank_of(folder: Path) -> int:
    """The rank of a PEFT folder. Raises AdapterError where its adapter_config.json is missing or damaged."""
    return Saved(_config(folder), {}).rank


def _config(folder: Path) -> dict[str, Any]:
    try:
        config: Any = json.loads((folder / CONFIG).read_text())
        saved = Saved(config, {})
        if saved.rank < 1 or not math.isfinite(saved.scale):
            raise ValueError(f"{CONFIG} has no usable r and lora_alpha")
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise _unreadable(folder, error) from error
    return saved.config


def _unreadable(folder: Path, why: object) -> AdapterError:
    otherwise = f"else delete {folder} and resume, which trains it again"
    mend = f"if it is published, take it back with `seal rollback`; {otherwise}"
    return AdapterError(folder, f"cannot be read: {why}", mend)


def load(slots: Slots, slot: int, folder: Path) -> None:
    """Read a PEFT LoRA folder into a slot of the same base. A slot has one scale: where a layer has a scale of its own,
    its B is multiplied by the ratio of the two.

    Raises:
        AdapterError: the folder is missing, damaged, or belongs to another base model.
    """
    saved = read(folder)
    slots.scale[slot] = saved.scale
    with torch.no_grad():
        for layer in slots.layers:
            if layer.depth not in (saved.config.get(LAYERS) or [layer.depth]):
                continue
            try:
                a, b = saved.factors(layer.name)
                into_a, into_b = slots.of[layer]
                into_a[slot, : len(a)].copy_(a)
                into_b[slot, :, : len(a)].copy_(b)
                into_b[slot] *= saved.beyond(layer.name)
            except (KeyError, RuntimeError) as error:
                raise AdapterError(folder, OTHER_BASE, "") from error


def weights_hash(folder: Path) -> str:
    """The adapter's name: the first 16 hex digits of the SHA-256 of its config and weights."""
    digest = hashlib.sha256()
    for name in (CONFIG, WEIGHTS):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:16]


def adopt(draft: Path, library: Path) -> Path:
    """Copy a trained folder into the library under the hash of its content; does nothing the second time.

    Raises:
        StoreError: the draft cannot be read, or the library cannot be written (disk full).
    """
    try:
        target = library / weights_hash(draft)
        if not target.exists():
            with whole_folder(target) as copy:
                for path in draft.iterdir():
                    shutil.copyfile(path, copy / path.name)
    except OSError as error:
        cause = f"cannot publish the adapter in {draft}: {error}"
        raise StoreError(cause, "free some disk space, then resume") from error
    return target
