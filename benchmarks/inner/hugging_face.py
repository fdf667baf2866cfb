"""What the methods on transformers and PEFT share: the bare model, the adapter's shape, answers and likelihoods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from peft import LoraConfig
from transformers import AutoModelForCausalLM

from agent.records import TrainSettings
from benchmarks.inner.batched import MAX_TOKENS
from seal_train.model.base import Base


def load(path: str, dtype: torch.dtype, device: torch.device) -> Any:
    """The bare model, frozen."""
    model: Any = AutoModelForCausalLM.from_pretrained(path, dtype=dtype)
    return model.to(device).eval().requires_grad_(False)


def lora(settings: TrainSettings) -> LoraConfig:
    alpha: Any = settings.alpha
    return LoraConfig(r=settings.rank, lora_alpha=alpha, target_modules="all-linear", task_type="CAUSAL_LM")


class Asked:
    """Answers and likelihoods by transformers: the questions of one candidate in one batch."""

    def __init__(self, base: Base) -> None:
        self.tokenizer, self.device, self.eos = base.tokenizer, base.device, base.eos
        newline = [i for text, i in base.tokenizer.get_vocab().items() if text in ("\n", "Ċ")]
        self.ends = [self.eos, *newline]

    @torch.no_grad()
    def answer(self, model: Any, prompts: Sequence[str]) -> list[str]:
        rows = [self.tokenizer(p, add_special_tokens=False).input_ids for p in prompts]
        longest = max(map(len, rows))
        ids = torch.tensor([[self.eos] * (longest - len(row)) + row for row in rows], device=self.device)
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows], device=self.device)
        out = model.generate(
            input_ids=ids, attention_mask=mask, max_new_tokens=MAX_TOKENS, do_sample=False, eos_token_id=self.ends,
            pad_token_id=self.eos,
        )  # fmt: skip
        texts = self.tokenizer.batch_decode(out[:, longest:], skip_special_tokens=True)
        return [text.split("\n")[0].strip() for text in texts]

    @torch.no_grad()
    def score(self, model: Any, prompts: Sequence[str], completions: Sequence[str]) -> list[float]:
        """Mean log-probability of each completion's tokens."""
        pairs = [
            [self.tokenizer(t, add_special_tokens=False).input_ids for t in p]
            for p in zip(prompts, completions, strict=True)
        ]
        longest = max(len(p) + len(c) for p, c in pairs)
        ids = torch.tensor([p + c + [self.eos] * (longest - len(p) - len(c)) for p, c in pairs], device=self.device)
        keep = 1 + longest - min(len(p) for p, _ in pairs)
        logits = model(input_ids=ids, logits_to_keep=keep, use_cache=False).logits.float().log_softmax(-1)
        out: list[float] = []
        for row, (p, c) in enumerate(pairs):
            at = torch.arange(len(p) - 1, len(p) + len(c) - 1, device=self.device) - (longest - keep)
            out.append(float(logits[row, at, ids[row, len(p) : len(p) + len(c)]].mean()))
        return out
