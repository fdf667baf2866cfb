"""Train K candidates in one batch, against the same candidates one by one in PEFT. `make bench`.

Both train the same sequences in float32 with the same settings and are warm. Figures are real tokens a
second; only the ratio means something on a shared machine.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from agent.config_sections import TrainConfig
from seal_train.base import PACKAGED, Base, load_base, packaged_model
from seal_train.lora import Slots
from seal_train.training import Course, Sequence_, train_courses

RANK, ALPHA, LENGTH, STEPS = 8, 16.0, 40, 4
"""LENGTH is the mean of a `facts` sequence of a news item, in tokens."""


def courses(k: int, vocabulary: int) -> list[Course]:
    draw = random.Random(0)
    rows = [[tuple(draw.randrange(vocabulary) for _ in range(LENGTH)) for _ in range(STEPS)] for _ in range(k)]
    settings = TrainConfig().settings
    return [Course(settings(epochs=1, seed=i), [Sequence_(row, 1) for row in data]) for i, data in enumerate(rows)]


def batched(base: Base, k: int) -> float:
    """Real tokens a second with K slots."""
    work = courses(k, base.model.config.vocab_size)
    slots = Slots(base.layers, base.switch, k, RANK, train=True)
    for slot, course in enumerate(work):
        slots.init(slot, RANK, ALPHA, course.settings.seed)
    return k * STEPS * LENGTH / train_courses(base, slots, work)


def peft(model: torch.nn.Module, vocabulary: int) -> float:
    """Real tokens a second of one candidate in PEFT, batch 1, no padding, torch's fused AdamW."""
    (course,) = courses(1, vocabulary)
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=1e-3, weight_decay=0.0, fused=True)
    began = time.perf_counter()
    for row in course.data:
        ids = torch.tensor([row.ids])
        model(input_ids=ids, labels=ids).loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return STEPS * LENGTH / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("~/.seal-demo/models").expanduser())
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    base = load_base(PACKAGED, options.models, "cpu", "float32")
    vocabulary = int(base.model.config.vocab_size)
    plain = AutoModelForCausalLM.from_pretrained(packaged_model(options.models), dtype=torch.float32)
    alone = get_peft_model(plain, LoraConfig(r=RANK, lora_alpha=int(ALPHA), target_modules="all-linear"))
    names = ["PEFT, one by one", *(f"batched, K = {k}" for k in (1, 2, 4, 8))]
    figures: dict[str, list[float]] = {name: [] for name in names}
    for repeat in range(options.repeats + 1):
        found = [peft(alone, vocabulary), *(batched(base, k) for k in (1, 2, 4, 8))]
        if repeat:  # the first is warm-up
            for name, figure in zip(figures, found, strict=True):
                figures[name].append(figure)
    if options.json:
        print(json.dumps(figures))
        return
    reference = statistics.median(figures[names[0]])
    for name, values in figures.items():
        middle = statistics.median(values)
        spread = f"{min(values):.0f} to {max(values):.0f}"
        print(f"{name:18} {middle:6.0f} tokens/s ({spread}), {middle / reference:.2f} times PEFT, n = {len(values)}")


if __name__ == "__main__":
    main()
