"""Candidates one by one in PEFT, as well as that can be done."""

from __future__ import annotations

import shutil
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
from seal_train.model.encoding import encode, longest_sequence
from seal_train.model.frozen import frozen_products
from seal_train.model.lora import Slots
from seal_train.training.loop import BETAS, CLIP, EPS, Course


class WarmPeft:
    """PEFT at its best: one model and one adapter that stay loaded, no padding, torch's fused AdamW, and on a CPU the
    number types and products in which it is fastest. Seeds, order, rates and clipping are those of the batched
    trainer."""

    name = "PEFT one by one"

    def __init__(self, base: Base, path: str, dtype: torch.dtype, settings: TrainSettings) -> None:
        self.base, self.asked = base, Asked(base)
        self.model: Any = get_peft_model(load(path, dtype, base.device), lora(settings))
        self.weights = [p for p in self.model.parameters() if p.requires_grad]

    def run(self, work: Sequence[Work], settings: TrainSettings, folder: Path) -> Cost:
        cost, peaks = Cost(len(work)), list[int]()
        with peak_memory(peaks), frozen_products():
            for place, item in enumerate(work):
                with cost.phase("train"):
                    cost.tokens += self._train(item, settings.model_copy(update={"seed": settings.seed + place}))
                with cost.phase("export"):
                    self.model.save_pretrained(str(folder / f"peft-{place}"))
                with cost.phase("decode"):
                    cost.answers.append(self.asked.answer(self.model, item.prompts))
                with cost.phase("score"):
                    cost.logprobs.append(self.asked.score(self.model, item.prompts, item.completions))
                shutil.rmtree(folder / f"peft-{place}")
        cost.peak_memory = peaks[0]
        return cost

    def _train(self, work: Work, settings: TrainSettings) -> int:
        """Returns the tokens trained on."""
        self._reset(settings)
        course = Course(settings, encode(self.base, work.examples, longest_sequence(self.base)))
        optimizer = torch.optim.AdamW(self.weights, betas=BETAS, eps=EPS, weight_decay=0.0, fused=True)
        for step, row in enumerate(course.rows):
            ids = torch.tensor([row.ids], device=self.base.device)
            self.model(input_ids=ids, labels=ids, use_cache=False).loss.backward()
            torch.nn.utils.clip_grad_norm_(self.weights, CLIP)
            optimizer.param_groups[0]["lr"] = course.learning_rate(step)
            optimizer.step()
            optimizer.zero_grad()
        return sum(len(row.ids) for row in course.rows)

    @torch.no_grad()
    def _reset(self, settings: TrainSettings) -> None:
        """The same first weights as the batched trainer draws."""
        slots = Slots(self.base.layers, self.base.switch, 1, settings.rank, train=False)
        slots.init(0, settings.rank, settings.alpha, settings.seed)
        for layer, a, _ in slots.weights(0, settings.rank):
            mine = self.model.get_submodule(f"base_model.model.{layer.name}")
            mine.lora_A["default"].weight.copy_(a)
            mine.lora_B["default"].weight.zero_()
