"""Greedy answers and likelihoods, in one batch over many adapters.

Axes: R rows = S slots * n rows a slot (slot-major), C positions of the shared prefix, L positions after it.
The tokens that all prompts begin with (the few-shot examples) are read once a slot, not once a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from seal_train.base import Base
from seal_train.layout import Layout
from seal_train.lora import Slots

Ids = list[int]


def shared_prefix(rows: Sequence[Ids], keep: int = 1) -> int:
    """How many leading tokens all rows share, where every row must keep its last `keep` tokens out of it."""
    limit = max(0, min(len(row) for row in rows) - keep)
    first = rows[0]
    return next((i for i in range(limit) if any(row[i] != first[i] for row in rows)), limit)


class Batch:
    """Rows of token ids read behind one shared prefix, with the key-value cache to go on from."""

    def __init__(self, base: Base, slots: Slots | None, rows: Sequence[Ids], keep: int = 1) -> None:
        self.base, self.rows = base, rows
        self.slots, self.groups = slots, slots.count if slots else 1
        self.prefix = shared_prefix(rows, keep)
        self.cache = DynamicCache(config=base.model.config)
        if self.prefix:
            head = torch.tensor([rows[0][: self.prefix]] * self.groups, device=base.device)
            with self._on(head.numel()):
                base.hidden(input_ids=head, past_key_values=self.cache, use_cache=True)
            self.cache.batch_repeat_interleave(len(rows) // self.groups)
        lengths = [len(row) - self.prefix for row in rows]
        self.lengths_R = torch.tensor(lengths, device=base.device)
        longest = max(lengths)
        padded = [row[self.prefix :] + [base.eos] * (longest - n) for row, n in zip(rows, lengths, strict=True)]
        self.ids_RL = torch.tensor(padded, device=base.device)
        real_RL = torch.arange(longest, device=base.device) < self.lengths_R[:, None]
        self.mask = torch.cat([real_RL.new_ones(len(rows), self.prefix), real_RL], dim=1).long()

    def _on(self, positions: int) -> AbstractContextManager[None]:
        """Turn the slots on for so many positions, equally many of each."""
        return self.slots.on(Layout.equal(self.groups, positions)) if self.slots else nullcontext()

    def read(self) -> Tensor:
        """Hidden states after the prefix, [R, L, D]."""
        positions = self.prefix + torch.arange(self.ids_RL.shape[1], device=self.base.device)
        return self._forward(self.ids_RL, positions.expand_as(self.ids_RL))

    def next(self, token_R: Tensor, step: int) -> Tensor:
        """Hidden states of one more token a row, [R, D]. Pads between the prompt and it stay masked."""
        self.mask = torch.cat([self.mask, self.mask.new_ones(len(self.rows), 1)], dim=1)
        return self._forward(token_R[:, None], (self.prefix + self.lengths_R + step)[:, None])[:, -1]

    def _forward(self, ids: Tensor, positions: Tensor) -> Tensor:
        inputs: dict[str, Any] = {"input_ids": ids, "attention_mask": self.mask, "position_ids": positions}
        with self._on(ids.numel()):
            hidden: Tensor = self.base.hidden(**inputs, past_key_values=self.cache, use_cache=True).last_hidden_state
        return hidden


@torch.no_grad()
def greedy(base: Base, slots: Slots | None, rows: Sequence[Ids], max_tokens: int) -> list[str]:
    """Greedy continuations, each cut at its first line break or end-of-text token."""
    batch = Batch(base, slots, rows)
    last_R = batch.lengths_R - 1
    hidden_RD = batch.read()[torch.arange(len(rows), device=base.device), last_R]
    out: list[Ids] = [[] for _ in rows]
    done = [False] * len(rows)
    for step in range(max_tokens):
        token_R = base.head(hidden_RD).argmax(-1)
        for i, token in enumerate(token_R.tolist()):
            if not done[i]:
                done[i] = token == base.eos or "\n" in base.tokenizer.decode([token])
                out[i] += [] if token == base.eos else [token]
        if all(done) or step == max_tokens - 1:
            break
        hidden_RD = batch.next(token_R, step)
    return [str(base.tokenizer.decode(ids, skip_special_tokens=True)).split("\n")[0].strip() for ids in out]


@torch.no_grad()
def likelihoods(
    base: Base, slots: Slots | None, prompts: Sequence[Ids], completions: Sequence[Ids]
) -> list[tuple[float, bool]]:
    """Mean log-probability (nats) of each completion's tokens, and whether greedy decoding would write it."""
    rows = [p + c for p, c in zip(prompts, completions, strict=True)]
    # The last token of each prompt predicts the first of its completion, so the prefix must leave it unread.
    batch = Batch(base, slots, [row[:-1] for row in rows], keep=max(len(c) for c in completions))
    hidden_RLD = batch.read()
    out: list[tuple[float, bool]] = []
    for i, (prompt, completion) in enumerate(zip(prompts, completions, strict=True)):
        start = len(prompt) - 1 - batch.prefix
        logits = base.head(hidden_RLD[i, start : start + len(completion)]).float()
        target = torch.tensor(completion, device=base.device)
        mean = float(logits.log_softmax(-1).gather(1, target[:, None]).mean())
        out.append((mean, bool((logits.argmax(-1) == target).all())))
    return out
