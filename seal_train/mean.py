"""The mean of several adapters, as one adapter.

Axes: I in-features, O out-features, R the members' ranks together, r the rank of the mean.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from agent.errors import AdapterError, StoreError
from seal_train.adapters import CONFIG, LAYERS, WEIGHTS, write

RANKS = 2
"""The mean has this many times the rank of its largest member. Its size does not grow with the candidates."""

Member = tuple[dict[str, Any], dict[str, Tensor]]
"""Config and weights."""


def merge(members: Sequence[Path], folder: Path, card: str) -> None:
    """Write the mean of several adapters of one base as a PEFT folder.

    Weight averaging of models that were tuned from one base ("model soup", Wortsman et al. 2022, arXiv
    2203.05482), done on the products B A, since the factors of different seeds have no common axes. Kept is the
    best approximation of that mean in its rank (Eckart & Young 1936).

    Raises:
        AdapterError: a member cannot be read.
        StoreError: the folder cannot be written (disk full).
    """
    read = [_member(member) for member in members]
    rank = RANKS * max(int(config["r"]) for config, _ in read)
    merged: dict[str, Tensor] = {}
    for name in dict.fromkeys(name for _, state in read for name in state if ".lora_A." in name):
        b_name = name.replace(".lora_A.", ".lora_B.")
        having = [(config, state) for config, state in read if name in state]
        a_RI = torch.cat([state[name] for _, state in having])
        b_OR = torch.cat([state[b_name] * (_scale(config) / len(members)) for config, state in having], dim=1)
        merged[name], merged[b_name] = _narrowed(a_RI, b_OR, rank)
    broadest, _ = max(read, key=lambda member: _breadth(member[0]))
    config = {**broadest, "r": rank, "lora_alpha": rank}
    try:
        write(folder, merged, config, card)
    except (OSError, SafetensorError) as error:
        raise StoreError(
            f"cannot merge adapters into {folder}: {error}", "free some disk space, then resume"
        ) from error


def _narrowed(a_RI: Tensor, b_OR: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """A [r, I] and B [O, r] whose product is nearest to b a; zeros fill up what has less rank."""
    q_a, r_a = torch.linalg.qr(a_RI.T)
    q_b, r_b = torch.linalg.qr(b_OR)
    u, s, v = torch.linalg.svd(r_b @ r_a.T, full_matrices=False)
    root = s[:rank].sqrt()
    a = a_RI.new_zeros(rank, a_RI.shape[1])
    b = b_OR.new_zeros(b_OR.shape[0], rank)
    a[: len(root)] = root[:, None] * (v[:rank] @ q_a.T)
    b[:, : len(root)] = q_b @ u[:, :rank] * root
    return a, b


def _scale(config: dict[str, Any]) -> float:
    return float(config["lora_alpha"]) / int(config["r"])


def _breadth(config: dict[str, Any]) -> float:
    """How many decoder layers an adapter has part in: sets of upper layers, of which the greater holds the smaller."""
    layers = config.get(LAYERS)
    return len(layers) if layers else float("inf")


def _member(folder: Path) -> Member:
    """Config and weights of a trained adapter."""
    try:
        config = json.loads((folder / CONFIG).read_text())
        _scale(config)
        return config, load_file(folder / WEIGHTS)
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError, SafetensorError) as error:
        mend = f"delete {folder}, then resume: it is trained again"
        raise AdapterError(folder, f"cannot be read: {error}", mend) from error
