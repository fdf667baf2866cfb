"""Attention over rows that lie in one sequence (see `layout`): no row sees another.

Axes: H heads, q queries, k keys, N positions, D head size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from seal_train.model.layout import Layout

NAME = "seal_rows"
EXTRAS = ("s_aux", "softcap", "position_bias")


def attention(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: None, *, layout: Layout,
    sliding_window: int | None = None, **options: Any,
) -> tuple[Tensor, None]:  # fmt: skip
    """torch's scaled dot product attention, [1, H, N, D] in, [1, N, H, D] out: the rectangle's rows as one batch,
    then each tail, which sees its row's part of the rectangle too."""

    refuse_extras(options)

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        seen = causal(q.shape[2], k.shape[2], sliding_window, q.device)
        return sdpa_attention_forward(module, q, k, v, seen, **options)[0]

    parts = [x.split(layout.sizes, dim=2) for x in (query, key, value)]
    squares = [layout.square(part[0], dim=2)[0].transpose(0, 1) for part in parts]
    outs = [attend(*squares).flatten(0, 1)[None]]
    for i, (row, _, _) in enumerate(layout.tails, start=1):
        before = (square[row : row + 1] for square in squares[1:])
        k, v = (torch.cat([b, part[i]], dim=2) for b, part in zip(before, parts[1:], strict=True))
        outs.append(attend(parts[0][i], k, v))
    outs.append(outs[0].new_zeros(1, layout.sizes[-1], *outs[0].shape[2:]))
    return torch.cat(outs, dim=1), None


def refuse_extras(options: Mapping[str, Any]) -> None:
    """Raises TypeError where a model asks of its attention what ours does not do: sinks, soft caps."""
    if extras := [name for name in EXTRAS if options.get(name) is not None]:
        raise TypeError(f"attention with {', '.join(extras)}")


def causal(queries: int, keys: int, window: int | None, device: torch.device) -> Tensor | None:
    """Which of so many positions the last `queries` of them see, [1, 1, q, k]; None where they see all before them."""
    if queries == keys and (window is None or keys <= window):
        return None
    back = torch.arange(keys - queries, keys, device=device)[:, None] - torch.arange(keys, device=device)
    return ((back >= 0) & (back < (window or keys)))[None, None]


def rows_apart(model: Any) -> AbstractContextManager[None]:
    """While this lasts, `model` takes a `layout`."""
    return attending(model, NAME)


@contextmanager
def attending(model: Any, name: str) -> Iterator[None]:
    """While this lasts, `model` attends by the registered function of that name, and makes no mask."""
    config = model.config.get_text_config()
    before = config._attn_implementation
    config._attn_implementation = name
    try:
        yield
    finally:
        config._attn_implementation = before


AttentionInterface.register(NAME, attention)
