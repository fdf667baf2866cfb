"""Keys and values of rows behind shared prefixes: a prefix's are kept once per group of rows, not once per row.

Products with a prefix are one matrix product per group (Juravsky et al. 2024, "Hydragen", arXiv 2402.05099, sec. 3).
What a row has after the prefix lies in columns that are made room for at once, without a pad between: its positions
are its columns, so a sliding window is what it says.

Axes: S groups, R rows, equally many of each group, H heads of keys, G heads of queries a head of keys, q queries,
C positions of the prefix, L columns, D head size.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from seal_train.model.attention import causal, refuse_extras

NAME = "seal_cached"


class Cache:
    """Filled by the passes of one model within `attending(model, NAME)`: first the prefix of each group, if there is
    one, then the rows."""

    def __init__(self, groups: int, prefix: int, room: int) -> None:
        self.groups, self.prefix, self.room = groups, prefix, room
        self.columns_Rq: Tensor | None = None
        """Where the rows' tokens of this pass go; None while the prefixes are read."""
        self.used = 0
        """Columns that hold something after this pass."""
        self._unseen: dict[int | None, Tensor] = {}
        self.kept: dict[nn.Module, tuple[Tensor, Tensor]] = {}
        """Each layer's keys and values of the prefixes, [S, H, C, D]."""
        self.own: dict[nn.Module, tuple[Tensor, Tensor]] = {}
        """Each layer's keys and values of the rows, [R, H, L, D]."""

    def begin(self, columns_Rq: Tensor, used: int) -> None:
        """The next pass reads a token of each row for each of these columns."""
        self.columns_Rq, self.used, self._unseen = columns_Rq, used, {}

    def unseen(self, window: int | None) -> Tensor:
        """Which positions a query does not see, of the prefix and then of the columns in use, [R, 1, 1, q, C + L]."""
        assert self.columns_Rq is not None
        if window not in self._unseen:
            at_Rq1 = self.prefix + self.columns_Rq[:, :, None]
            back = at_Rq1 - torch.arange(self.prefix + self.used, device=at_Rq1.device)
            self._unseen[window] = ((back < 0) | (back >= (window or self.prefix + self.room)))[:, None, None]
        return self._unseen[window]

    def put(self, layer: nn.Module, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Keep keys and values [R, H, q, D] of this pass. Returns those of all columns in use."""
        assert self.columns_Rq is not None
        if layer not in self.own:
            # Zeros: what a column holds that nobody sees still meets a weight of zero.
            keys, values = (x.new_zeros(*x.shape[:2], self.room, x.shape[3]) for x in (key, value))
            self.own[layer] = keys, values
        rows_R1 = torch.arange(len(key), device=key.device)[:, None]
        for whole, new in zip(self.own[layer], (key, value), strict=True):
            whole[rows_R1, :, self.columns_Rq] = new.transpose(1, 2)
        keys, values = self.own[layer]
        return keys[:, :, : self.used], values[:, :, : self.used]

    def by_group(self, x_RHqD: Tensor) -> Tensor:
        """[R, H, q, D] as [S, H, R / S * q, D]."""
        grouped: Tensor = x_RHqD.unflatten(0, (self.groups, -1)).transpose(1, 2).flatten(2, 3)
        return grouped

    def by_row(self, x_SHqD: Tensor, rows: int) -> Tensor:
        """What `by_group` did, undone."""
        single: Tensor = x_SHqD.unflatten(2, (rows // self.groups, -1)).transpose(1, 2).flatten(0, 1)
        return single


def attention(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: None, *, cache: Cache,
    scaling: float | None = None, sliding_window: int | None = None, **options: Any,
) -> tuple[Tensor, None]:  # fmt: skip
    """Queries [R, H * G, q, D] over what the cache holds and the pass brings; out comes [R, q, H * G, D]."""
    refuse_extras(options)
    if cache.columns_Rq is None:
        cache.kept[module] = key, value
        seen = causal(key.shape[2], key.shape[2], sliding_window, key.device)
        return sdpa_attention_forward(module, query, key, value, seen, scaling=scaling, **options)[0], None
    rows, heads, queries = len(query), key.shape[1], query.shape[2]
    keys, values = cache.put(module, key, value)
    # Scores are in float32, as they are inside torch's own attention, with which adapters are trained.
    wide = torch.promote_types(query.dtype, torch.float32)
    grouped = query.unflatten(1, (heads, -1)).flatten(2, 3).to(wide)
    grouped = grouped * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    scores = grouped @ keys.to(wide).transpose(2, 3)
    if cache.prefix:
        kept_keys, kept_values = cache.kept[module]
        scores = torch.cat(
            [cache.by_row(cache.by_group(grouped) @ kept_keys.to(wide).transpose(2, 3), rows), scores], dim=3
        )
    scores = scores.unflatten(2, (-1, queries)).masked_fill(cache.unseen(sliding_window), -torch.inf).flatten(2, 3)
    weights = scores.softmax(3).to(value.dtype)
    before, after = weights.split([cache.prefix, cache.used], dim=3)
    out = after @ values
    if cache.prefix:
        out += cache.by_row(cache.by_group(before) @ kept_values, rows)
    return out.unflatten(2, (-1, queries)).flatten(1, 2).transpose(1, 2), None


AttentionInterface.register(NAME, attention)
