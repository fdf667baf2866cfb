"""Adapters on disk: PEFT folders (adapter_config.json, safetensors, a model card). Never pickle."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from agent.drafts import PREFIX
from agent.errors import AdapterError, StoreError
from agent.records import TrainSettings
from seal_train.lora import Slots, lowest_adapted

WEIGHTS, CONFIG, CARD = "adapter_model.safetensors", "adapter_config.json", "README.md"
LAYERS = "layers_to_transform"
"""PEFT's key for the decoder layers that have an adapter; without it all have one."""


def export(slots: Slots, slot: int, settings: TrainSettings, base: str, card: str, folder: Path) -> None:
    """Write one slot as a PEFT folder. It appears whole or not at all.

    Raises:
        OSError: the disk is full or not writable; no part of the folder is left behind.
    """
    state: dict[str, torch.Tensor] = {}
    lowest = lowest_adapted(slots.layers, settings.top_layers)
    layers = slots.above(lowest)
    for layer, a, b in slots.weights(slot, settings.rank, lowest):
        state[f"base_model.model.{layer.name}.lora_A.weight"] = a.contiguous().cpu()
        state[f"base_model.model.{layer.name}.lora_B.weight"] = b.contiguous().cpu()
    config = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": base, "inference_mode": True,
        "r": settings.rank, "lora_alpha": settings.alpha, "lora_dropout": 0.0, "bias": "none",
        "fan_in_fan_out": any(layer.fan_in_fan_out for layer in layers),
        "target_modules": sorted({layer.name.rpartition(".")[2] for layer in layers}),
    }  # fmt: skip
    if lowest:
        config |= {LAYERS: sorted({layer.depth for layer in layers}), "layers_pattern": layers[0].pattern}
    write(folder, state, config, card)


def write(folder: Path, state: dict[str, torch.Tensor], config: dict[str, Any], card: str) -> None:
    """Write a PEFT folder. It appears whole or not at all.

    Raises:
        OSError: the disk is full or not writable; no part of the folder is left behind.
    """
    with _whole(folder) as draft:
        save_file(state, draft / WEIGHTS, metadata={"format": "pt"})
        (draft / CONFIG).write_text(json.dumps(config, indent=2) + "\n")
        (draft / CARD).write_text(card)


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A draft folder that becomes `folder` in one rename, after its files reached the disk."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder.parent))
    try:
        yield draft
        for path in [*draft.iterdir(), draft]:
            _sync(path)
        if folder.exists():
            shutil.rmtree(folder)
        draft.chmod(0o755)
        draft.rename(folder)
        _sync(folder.parent)  # else the name may be lost with the power, after the ledger has it
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class Saved:
    """A PEFT LoRA folder as it was read."""

    config: dict[str, Any]
    state: dict[str, torch.Tensor]

    @property
    def rank(self) -> int:
        return int(self.config["r"])

    @property
    def scale(self) -> float:
        return float(self.config["lora_alpha"]) / self.rank


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
    """The rank of a PEFT folder.

    Raises:
        AdapterError: its adapter_config.json is missing or damaged.
    """
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
    mend = (
        f"if it is published, take it back with `seal rollback`; else delete {folder} and resume, which trains it again"
    )
    return AdapterError(folder, f"cannot be read: {why}", mend)


def load(slots: Slots, slot: int, folder: Path) -> None:
    """Read a PEFT LoRA folder into a slot of the same base.

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
                a = saved.state[f"base_model.model.{layer.name}.lora_A.weight"]
                b = saved.state[f"base_model.model.{layer.name}.lora_B.weight"]
                into_a, into_b = slots.of[layer]
                into_a[slot, : saved.rank].copy_(a)
                into_b[slot, :, : saved.rank].copy_(b)
            except (KeyError, RuntimeError) as error:
                raise AdapterError(folder, "was trained on another base model", "") from error


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
            with _whole(target) as copy:
                for path in draft.iterdir():
                    shutil.copyfile(path, copy / path.name)
    except OSError as error:
        raise StoreError(
            f"cannot publish the adapter in {draft}: {error}", "free some disk space, then resume"
        ) from error
    return target
