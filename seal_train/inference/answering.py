"""Greedy answers, likelihoods and divergences from the base, in one batch over many adapters.

Axes: R rows = S slots * n rows per slot (slot-major), C positions of the shared prefix, L positions after it.
The tokens that all prompts begin with (the few-shot examples) are read once per slot, not once per row.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from itertools import islice
from statistics import fmean

import torch
from torch import Tensor
from torch.nn.functional import kl_div

from agent.errors import PromptTooLong
from seal_train.model.attention import attending
from seal_train.model.base import Base
from seal_train.model.cache import NAME, Cache
from seal_train.model.layout import Layout
from seal_train.model.lora import Slots
from seal_train.model.loss import POSITIONS_A_CHUNK

Ids = list[int]


def shared_prefix(rows: Sequence[Ids], keep: int = 1) -> int:
    """How many leading tokens all rows share, where every row must keep its last `keep` tokens out of it."""
    limit = max(0, min(len(row) for row in rows) - keep)
    first = rows[0]
    return next((i for i in range(limit) if any(row[i] != first[i] for row in rows)), limit)


class Batch:
    """Rows of token ids read behind one shared prefix, with the keys and values to go on from for `room` tokens.

    Raises:
        PromptTooLong: a row and what goes on from it have more tokens than the model has positions.
    """

    def __init__(self, base: Base, slots: Slots | None, rows: Sequence[Ids], room: int = 0, keep: int = 1) -> None:
        if (most := max(len(row) for row in rows) + room) > base.positions:
            cause = f"{base.name} reads and writes at most {base.positions} tokens at once, and was to take {most}"
            mend = "shorten the question or the text, or set [model] name to a model that takes more"
            raise PromptTooLong(cause, mend)
        self.base, self.slots, self.groups = base, slots, slots.count if slots else 1
        self.prefix = shared_prefix(rows, keep)
        lengths = [len(row) - self.prefix for row in rows]
        self.longest = max(lengths)
        self.lengths_R = torch.tensor(lengths, device=base.device)
        padded = [row[self.prefix :] + [base.eos] * (self.longest - n) for row, n in zip(rows, lengths, strict=True)]
        self.ids_RL = torch.tensor(padded, device=base.device)
        self.cache = Cache(self.groups, self.prefix, self.longest + room)
        if self.prefix:
            head = torch.tensor([rows[0][: self.prefix]] * self.groups, device=base.device)
            self._forward(head, torch.arange(self.prefix, device=base.device).expand_as(head))

    def read(self) -> Tensor:
        """Hidden states after the prefix, [R, L, D]."""
        columns_RL = torch.arange(self.longest, device=self.base.device).expand_as(self.ids_RL)
        self.cache.begin(columns_RL, self.longest)
        return self._forward(self.ids_RL, self.prefix + columns_RL)

    def next(self, token_R: Tensor, step: int) -> Tensor:
        """Hidden states of one more token per row, [R, D]."""
        columns_R1 = (self.lengths_R + step)[:, None]
        self.cache.begin(columns_R1, self.longest + step + 1)
        return self._forward(token_R[:, None], self.prefix + columns_R1)[:, -1]

    def _forward(self, ids: Tensor, positions: Tensor) -> Tensor:
        on = self.slots.on(Layout.equal(self.groups, ids.numel())) if self.slots else nullcontext()
        with on, attending(self.base.model, NAME):
            out = self.base.hidden(input_ids=ids, position_ids=positions, cache=self.cache, use_cache=False)
        return out.last_hidden_state  # type: ignore[no-any-return]


@torch.no_grad()
def greedy(base: Base, slots: Slots | None, rows: Sequence[Ids], max_tokens: int) -> list[str]:
    """Greedy continuations, each cut at its first line break or end-of-text token."""
    batch = Batch(base, slots, rows, max_tokens)
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
    places = [
        (row, len(prompt) - 1 - batch.prefix + i)
        for row, (prompt, completion) in enumerate(zip(prompts, completions, strict=True))
        for i in range(len(completion))
    ]
    row_M, column_M = torch.tensor(places, device=base.device).T
    target_M = torch.tensor([token for completion in completions for token in completion], device=base.device)
    found: list[tuple[float, bool]] = []
    chunks = (x.split(POSITIONS_A_CHUNK) for x in (batch.read()[row_M, column_M], target_M))
    for hidden_CD, target_C in zip(*chunks, strict=True):
        logits_CV = base.head(hidden_CD).float()
        right_C = (logits_CV.argmax(-1) == target_C).tolist()
        found += zip(logits_CV.log_softmax(-1).gather(1, target_C[:, None])[:, 0].tolist(), right_C, strict=True)
    tokens = iter(found)
    own = [list(islice(tokens, len(completion))) for completion in completions]
    return [(fmean(p for p, _ in one), all(right for _, right in one)) for one in own]


@torch.no_grad()
def divergences(base: Base, slots: Slots, rows: Sequence[Ids]) -> list[float]:
    """KL(base || adapter) in nats of the next token, the mean over each row's positions.

    The base reads each text once, whichever adapters are compared with it. Distributions over the whole vocabulary are
    in memory for POSITIONS_A_CHUNK positions at once.
    """
    texts = {ids: i for i, ids in enumerate(dict.fromkeys(tuple(row) for row in rows))}
    lengths = [len(row) for row in rows]
    without_prefix = max(lengths)  # what is read as a prefix has no hidden states to look at
    own_RLD = Batch(base, slots, rows, keep=without_prefix).read()
    base_TLD = Batch(base, None, [list(ids) for ids in texts], keep=without_prefix).read()
    row_M, column_M = torch.tensor([(r, i) for r, n in enumerate(lengths) for i in range(n)], device=base.device).T
    text_M = torch.tensor([texts[tuple(row)] for row in rows], device=base.device)[row_M]
    found: list[float] = []
    chunks = (x.split(POSITIONS_A_CHUNK) for x in (base_TLD[text_M, column_M], own_RLD[row_M, column_M]))
    for pair_CD in zip(*chunks, strict=True):
        before_CV, after_CV = (base.head(hidden_CD).float().log_softmax(-1) for hidden_CD in pair_CD)
        found += kl_div(after_CV, before_CV, reduction="none", log_target=True).sum(-1).tolist()
    positions = iter(found)
    return [fmean(islice(positions, n)) for n in lengths]
