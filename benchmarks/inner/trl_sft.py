"""Candidates one by one in TRL's SFTTrainer, with its defaults but for the workload's own settings."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peft import get_peft_model

from agent.records import TrainSettings
from benchmarks.inner.cost import Cost, peak_memory
from benchmarks.inner.hugging_face import Asked, load, lora
from benchmarks.inner.workload import Work
from seal_train.model.base import Base
from seal_train.model.encoding import longest_sequence


class TrlSft:
    """A new SFTTrainer for each candidate over one loaded model, batches of one, no padding.

    Raises ImportError where TRL is not installed.
    """

    name = "TRL SFTTrainer"

    def __init__(self, base: Base, path: str, dtype: torch.dtype) -> None:
        import trl

        self.trl: Any = trl
        self.base, self.asked, self.model = base, Asked(base), load(path, dtype, base.device)

    def run(self, work: Sequence[Work], settings: TrainSettings, folder: Path) -> Cost:
        cost, peaks = Cost(len(work)), list[int]()
        with peak_memory(peaks):
            for place, item in enumerate(work):
                self._candidate(item, settings.model_copy(update={"seed": place}), folder / f"trl-{place}", cost)
        cost.peak_memory = peaks[0]
        return cost

    def _candidate(self, work: Work, settings: TrainSettings, folder: Path, cost: Cost) -> None:
        began = time.perf_counter()
        tuned: Any = get_peft_model(self.model, lora(settings))
        self._trainer(tuned, work, settings).train()
        cost.seconds["train"] += time.perf_counter() - began
        ids = self.base.tokenizer(list(work.texts), add_special_tokens=False).input_ids
        cost.tokens += settings.epochs * sum(len(row) + 1 for row in ids)
        with cost.phase("export"):
            tuned.save_pretrained(str(folder))
        with cost.phase("decode"):
            cost.answers.append(self.asked.answer(tuned, work.prompts))
        with cost.phase("score"):
            cost.logprobs.append(self.asked.score(tuned, work.prompts, work.completions))
        tuned.unload()
        shutil.rmtree(folder)

    def _trainer(self, model: Any, work: Work, settings: TrainSettings) -> Any:
        from datasets import Dataset, disable_progress_bars

        disable_progress_bars()
        on_gpu = self.base.device.type == "cuda"
        arguments = self.trl.SFTConfig(
            output_dir=tempfile.mkdtemp(prefix="seal-bench-"), per_device_train_batch_size=1,
            num_train_epochs=settings.epochs, learning_rate=settings.learning_rate, save_strategy="no",
            report_to="none", bf16=on_gpu, use_cpu=not on_gpu, disable_tqdm=True, logging_strategy="no",
            max_length=longest_sequence(self.base), seed=settings.seed, activation_checkpointing=False,
        )  # fmt: skip
        data = Dataset.from_list([{"text": text} for text in work.texts])
        return self.trl.SFTTrainer(
            model=model, args=arguments, train_dataset=data, processing_class=self.base.tokenizer
        )
