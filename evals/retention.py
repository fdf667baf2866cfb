"""What a candidate forgot: a fixed set of general questions and texts, asked of the base and of every candidate."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from agent.ports import LanguageModel, Query
from agent.prompts import answer_completion, probe_prompt
from agent.records import Retention

BASE = "base"


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


def questions() -> list[str]:
    """What a person would ask for each item, as the router gets to see it."""
    return [prompt.rpartition("Question: ")[2].removesuffix("\nAnswer:") for prompt, _ in items()]


def measure(model: LanguageModel, subjects: Mapping[str, Path | None], routed: Sequence[bool]) -> list[Retention]:
    """Share of items that greedy decoding gets right, forced and as routed, and the mean log-probability.

    `routed` says for each item whether it would be routed to the subjects' document; all others are
    answered by the base, so the base is always measured beside them.
    """
    size, names = len(items()), dict.fromkeys([BASE, *subjects])
    pairs = [(subjects.get(name), prompt, completion) for name in names for prompt, completion in items()]
    found = model.likelihoods([Query(prompt, path) for path, prompt, _ in pairs], [c for _, _, c in pairs])
    by_name = {name: found[i * size : (i + 1) * size] for i, name in enumerate(names)}
    base = by_name[BASE]
    out: list[Retention] = []
    for name in subjects:
        own = by_name[name]
        seen = [mine if near else plain for mine, plain, near in zip(own, base, routed, strict=True)]
        out.append(
            Retention(
                subject=name,
                items=size,
                forced=sum(x.greedy for x in own) / size,
                routed=sum(x.greedy for x in seen) / size,
                logprob=sum(x.logprob for x in own) / size,
            )
        )
    return out
