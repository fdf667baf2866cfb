"""Answers drawn from the model's own distribution, in one batch over many adapters."""

from __future__ import annotations

import random
from collections.abc import Sequence
from statistics import fmean

import torch

from agent.errors import ModelError
from agent.ports import Sampled
from seal_train.inference.answering import Batch, Ids
from seal_train.model.base import Base
from seal_train.model.lora import Slots


def chat_ids(base: Base, system: str, user: str) -> Ids:
    """The tokens of a request in the model's chat template, up to where its answer begins. Raises ModelError where the
    model has no chat template."""
    if not base.tokenizer.chat_template:
        mend = 'set [model] name to an instruct model, or [write] endpoint to another than "self"'
        raise ModelError(f"{base.name} has no chat template, so it cannot be asked to write", mend)
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    ids = base.tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    return [int(token) for token in ids]


def ends(base: Base) -> set[int]:
    """The tokens that end an answer: the one that ends a text, and those that end a turn."""
    of_turn = getattr(base.model.generation_config, "eos_token_id", None)
    return {base.eos, *(of_turn if isinstance(of_turn, list) else [of_turn] if of_turn is not None else [])}


@torch.no_grad()
def sampled(
    base: Base, slots: Slots | None, rows: Sequence[Ids], max_tokens: int, temperature: float, seeds: Sequence[int]
) -> list[Sampled]:
    """A continuation of each row, drawn by its seed, up to the end of the answer. A row draws the same tokens whatever
    its neighbours are, but for rounding."""
    batch = Batch(base, slots, rows, max_tokens)
    hidden_RD = batch.read()[torch.arange(len(rows), device=base.device), batch.lengths_R - 1]
    draws, final = [random.Random(seed) for seed in seeds], ends(base)
    out: list[Ids] = [[] for _ in rows]
    entropies: list[list[float]] = [[] for _ in rows]
    done = [False] * len(rows)
    for step in range(max_tokens):
        likely_RV = (base.head(hidden_RD).float() / temperature).softmax(-1)
        entropy_R, cumulated_RV = torch.special.entr(likely_RV).sum(-1).tolist(), likely_RV.cumsum(-1)
        at_R1 = torch.tensor([[draw.random()] for draw in draws], device=base.device) * cumulated_RV[:, -1:]
        token_R = torch.searchsorted(cumulated_RV, at_R1, right=True)[:, 0].clamp(max=cumulated_RV.shape[1] - 1)
        for i, token in enumerate(token_R.tolist()):
            if not done[i]:
                entropies[i].append(entropy_R[i])
                done[i] = token in final
                out[i] += [] if done[i] else [token]
        if all(done) or step == max_tokens - 1:
            break
        hidden_RD = batch.next(token_R, step)
    texts = (str(base.tokenizer.decode(ids, skip_special_tokens=True)) for ids in out)
    return [Sampled(text, len(ids), fmean(own)) for text, ids, own in zip(texts, out, entropies, strict=True)]
