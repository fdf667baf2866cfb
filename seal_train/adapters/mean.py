"""The mean of several adapters, as one adapter.

Axes: I in-features, O out-features, R the members' ranks together, r the rank of the mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from agent.errors import StoreError
from agent.records import Candidate
from seal_train.adapters.folders import LAYERS, SCALES, model_card, named, read, write

RANKS = 2
"""The mean has this many times the rank of its largest member. Its size does not grow with the candidates."""


def merge(members: Sequence[tuple[Candidate, Path]], folder: Path) -> None:
    """Write the mean of the adapters of several candidates of one document as a PEFT folder.

    Weight averaging of models that were tuned from one base ("model soup", Wortsman et al. 2022, arXiv
    2203.05482), done on the products B A, since the factors of different seeds have no common axes. Kept is the
    best approximation of that mean in its rank (Eckart & Young 1936).

    Raises:
        AdapterError: a member cannot be read.
        StoreError: the folder cannot be written (disk full).
    """
    saved = [read(path) for _, path in members]
    rank = RANKS * max(member.rank for member in saved)
    merged: dict[str, Tensor] = {}
    for module in dict.fromkeys(module for member in saved for module in member.modules):
        having = [member for member in saved if module in member.modules]
        a_RI = torch.cat([member.factors(module)[0] for member in having])
        b_OR = torch.cat([m.factors(module)[1] * (m.scale_of(module) / len(members)) for m in having], dim=1)
        merged |= named(module, *_narrowed(a_RI, b_OR, rank))
    # Each has part in all layers or in a set of upper ones, of which the greater holds the smaller.
    broadest = max(saved, key=lambda member: len(member.config.get(LAYERS) or ()) or math.inf)
    config = {key: value for key, value in broadest.config.items() if key not in SCALES}
    config |= {"r": rank, "lora_alpha": rank}
    try:
        write(folder, merged, config, _card([candidate for candidate, _ in members]))
    except OSError as error:
        cause = f"cannot merge adapters into {folder}: {error}"
        raise StoreError(cause, "free some disk space, then resume") from error


def _card(members: Sequence[Candidate]) -> str:
    """It says what the mean is of, since the folders of its members are swept."""
    lines = [f"- {m.id}: strategy `{m.strategy}`, settings {m.settings.model_dump_json()}" for m in members]
    made = f"trained on document {members[0].document}: the mean of"
    return model_card(f"Mean of {len(members)} candidates", members[0].base, made, "\n".join(lines))


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
