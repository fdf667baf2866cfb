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
    forked = _seen_in_forks(layout, sliding_window, query.device) if layout.forks else None

    def attend(part: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        seen = forked[part] if forked else causal(q.shape[2], k.shape[2], sliding_window, q.device)
        return sdpa_attention_forward(module, q, k, v, seen, **options)[0]

    parts = [x.split(layout.sizes, dim=2) for x in (query, key, value)]
    squares = [layout.square(part[0], dim=2)[0].transpose(0, 1) for part in parts]
    outs = [attend(0, *squares).flatten(0, 1)[None]]
    for i, (row, _, _) in enumerate(layout.tails, start=1):
        before = (square[row : row + 1] for square in squares[1:])
        k, v = (torch.cat([b, part[i]], dim=2) for b, part in zip(before, parts[1:], strict=True))
        outs.append(attend(i, parts[0][i], k, v))
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


def _seen_in_forks(layout: Layout, window: int | None, device: torch.device) -> list[Tensor]:
    """Which keys of its row each query sees, of the rectangle, [R, 1, W, W], and of each tail, [1, 1, q, k]: those
    before it that are in its branch or shared. The same for all decoder layers of a pass."""
    if (window, device) not in layout.seen:
        both_2N = torch.tensor([layout.branches, layout.places], device=device)

        def seen(keys_2rk: Tensor, queries: int) -> Tensor:
            """[r, 1, q, k]; the queries are the last of the keys."""
            branch_r1k, place_r1k = keys_2rk[:, :, None]
            branch_rq1, place_rq1 = keys_2rk[:, :, -queries:, None]
            mine_rqk = (branch_r1k == 0) | (branch_r1k == branch_rq1)
            near_rqk = place_rq1 - place_r1k < (window or layout.positions)
            seen_rqk: Tensor = (mine_rqk & near_rqk).tril(keys_2rk.shape[2] - queries)
            return seen_rqk[:, None]

        squares_2RW = layout.square(both_2N, dim=1)
        found = [seen(squares_2RW, layout.width)]
        for row, begin, end in layout.tails:
            whole_2k = torch.cat([squares_2RW[:, row], both_2N[:, begin:end]], dim=1)
            found.append(seen(whole_2k[:, None], end - begin))
        layout.seen[window, device] = found
    return layout.seen[window, device]


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
