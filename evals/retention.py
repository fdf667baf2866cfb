"""What a candidate forgot: a fixed set of general questions and texts, asked of the base and of every candidate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from agent.ports import LanguageModel, Query
from agent.prompts import answer_completion, probe_prompt
from agent.records import Retention


@lru_cache(maxsize=1)
def items() -> tuple[tuple[str, str], ...]:
    """Prompt and completion of each general question or text."""
    text = files("evals").joinpath("data/retention.jsonl").read_text(encoding="utf-8")
    out: list[tuple[str, str]] = []
    for line in text.splitlines():
        item = json.loads(line)
        if "question" in item:
            out.append((probe_prompt(item["topic"], item["question"]), answer_completion(item["answer"])))
        else:
            out.append((item["text"], f" {item['next']}"))
    return tuple(out)


def measure(model: LanguageModel, subjects: Mapping[str, Path | None]) -> list[Retention]:
    """Share of items that greedy decoding gets right, and the mean log-probability (nats a token)."""
    pairs = [(name, prompt, completion) for name in subjects for prompt, completion in items()]
    found = model.likelihoods([Query(p, subjects[name]) for name, p, _ in pairs], [c for _, _, c in pairs])
    size = len(items())
    out: list[Retention] = []
    for i, name in enumerate(subjects):
        own = found[i * size : (i + 1) * size]
        out.append(
            Retention(
                subject=name, items=size, accuracy=sum(x.greedy for x in own) / size,
                logprob=sum(x.logprob for x in own) / size,
            )  # fmt: skip
        )
    return out
