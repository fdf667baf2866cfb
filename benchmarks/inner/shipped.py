"""Candidates one by one as SEAL's published code trains them (its TTT_server.py, general-knowledge)."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peft import get_peft_model
from transformers import Trainer, TrainingArguments

from agent.records import TrainSettings
from benchmarks.inner.cost import Cost, peak_memory
from benchmarks.inner.hugging_face import Asked, load, lora
from benchmarks.inner.workload import Work
from seal_train.model.base import Base
from seal_train.model.encoding import encode

PADDED = 2048
"""Tokens that SEAL's server pads every sequence to (`--max_seq_length`), pads in the loss."""


class Shipped:
    """As SEAL's server trains a candidate: a new PEFT model and a new Trainer each time, batches of one.

    With `padded` every sequence has 2048 tokens and the loss is over the pads too; then only `steps` steps are timed
    and the others extrapolated. Answers are by transformers here; SEAL asks a vLLM server.
    """

    def __init__(self, base: Base, path: str, dtype: torch.dtype, padded: bool, steps: int = 2) -> None:
        self.name = "SEAL as shipped" if padded else "SEAL, not padded"
        self.base, self.asked, self.padded, self.steps = base, Asked(base), padded, steps
        self.model = load(path, dtype, base.device)

    def run(self, work: Sequence[Work], settings: TrainSettings, folder: Path) -> Cost:
        cost, peaks = Cost(len(work)), list[int]()
        with peak_memory(peaks):
            for place, item in enumerate(work):
                self._candidate(item, settings.model_copy(update={"seed": place}), folder / f"shipped-{place}", cost)
        cost.peak_memory = peaks[0]
        return cost

    def _candidate(self, work: Work, settings: TrainSettings, folder: Path, cost: Cost) -> None:
        rows = [self._row(list(s.ids)) for s in encode(self.base, work.examples, PADDED)]
        total = len(rows) * settings.epochs
        timed = min(self.steps, total) if self.padded else total
        began = time.perf_counter()
        tuned: Any = get_peft_model(self.model, lora(settings))
        self._trainer(tuned, rows, settings, timed).train()
        cost.seconds["train"] += (time.perf_counter() - began) * total / timed
        cost.share = timed / total
        cost.tokens += settings.epochs * sum(sum(row["attention_mask"]) for row in rows)
        with cost.phase("export"):
            tuned.save_pretrained(str(folder))
        with cost.phase("decode"):
            cost.answers.append(self.asked.answer(tuned, work.prompts))
        with cost.phase("score"):
            cost.logprobs.append(self.asked.score(tuned, work.prompts, work.completions))
        tuned.unload()
        shutil.rmtree(folder)

    def _row(self, ids: list[int]) -> dict[str, list[int]]:
        pads = PADDED - len(ids) if self.padded else 0
        padded = ids + [self.base.eos] * pads
        return {"input_ids": padded, "attention_mask": [1] * len(ids) + [0] * pads, "labels": padded}

    def _trainer(self, model: Any, rows: list[dict[str, list[int]]], settings: TrainSettings, steps: int) -> Trainer:
        on_gpu = self.base.device.type == "cuda"
        arguments = TrainingArguments(
            output_dir=tempfile.mkdtemp(prefix="seal-bench-"), per_device_train_batch_size=1, max_steps=steps,
            learning_rate=settings.learning_rate, save_strategy="no", report_to="none", bf16=on_gpu,
            remove_unused_columns=False, seed=settings.seed, use_cpu=not on_gpu, disable_tqdm=True,
            logging_strategy="no",
        )  # fmt: skip
        return Trainer(model=model, args=arguments, train_dataset=rows, data_collator=_tensors)


def _tensors(rows: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
    return {key: torch.tensor([row[key] for row in rows]) for key in rows[0]}
