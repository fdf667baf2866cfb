"""What a candidate forgot: a fixed set of general questions and texts, asked of the base and of every candidate."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path

from agent.ports import LanguageModel, Likelihood, Query
from agent.prompts import answer_completion, probe_prompt
from agent.records import BASE, Retention

Item = tuple[str, str]
"""Prompt and completion."""


@lru_cache(maxsize=1)
def _groups() -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """Questions and texts apart: the rows of one call then share the few-shot examples, which are read once."""
    lines = files("evals").joinpath("data/retention.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    asked = [(probe_prompt(r["topic"], r["question"]), answer_completion(r["answer"])) for r in rows if "question" in r]
    told = [(r["text"], f" {r['next']}") for r in rows if "text" in r]
    return tuple(asked), tuple(told)


def items() -> tuple[Item, ...]:
    """Every general question and text, in the order in which they are measured."""
    asked, told = _groups()
    return asked + told


def questions() -> list[str]:
    """What a person would ask for each item, as the router gets to see it."""
    return [prompt.rpartition("Question: ")[2].removesuffix("\nAnswer:") for prompt, _ in items()]


class RetentionMeter:
    """Measures forced and routed retention of any subject. The base is measured once and kept."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model

    @cached_property
    def base(self) -> list[Likelihood]:
        return self._likelihoods({BASE: None})[BASE]

    def measure(self, subjects: Mapping[str, Path | None], routed: Sequence[bool]) -> list[Retention]:
        """Share of items that greedy decoding gets right, forced and as routed, and the mean log-probability.

        `routed` says for each item whether it would be routed to the subjects' document; all others are
        answered by the base.
        """
        found = self._likelihoods({name: path for name, path in subjects.items() if path is not None})
        return [_retention(name, found.get(name, self.base), self.base, routed) for name in subjects]

    def _likelihoods(self, subjects: Mapping[str, Path | None]) -> dict[str, list[Likelihood]]:
        found: dict[str, list[Likelihood]] = {name: [] for name in subjects}
        for group in _groups():
            pairs = [(name, prompt, completion) for name in subjects for prompt, completion in group]
            queries = [Query(prompt, subjects[name]) for name, prompt, _ in pairs]
            likelihoods = self.model.likelihoods(queries, [completion for _, _, completion in pairs])
            for (name, _, _), likelihood in zip(pairs, likelihoods, strict=True):
                found[name].append(likelihood)
        return found


def _retention(name: str, own: list[Likelihood], base: list[Likelihood], routed: Sequence[bool]) -> Retention:
    seen = [mine if near else plain for mine, plain, near in zip(own, base, routed, strict=True)]
    size = len(own)
    return Retention(
        subject=name,
        items=size,
        forced=sum(x.greedy for x in own) / size,
        routed=sum(x.greedy for x in seen) / size,
        logprob=sum(x.logprob for x in own) / size,
    )
