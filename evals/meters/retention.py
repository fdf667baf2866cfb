"""What a candidate forgot: the base and every candidate are asked a fixed set of general questions and texts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path

from agent.models.prompts import FEW_SHOT, answer_completion, asked_prompt, probe_prompt
from agent.ports import LanguageModel, Likelihood, Query
from agent.records import BASE, Retention


@dataclass(frozen=True)
class Item:
    """One general question or text, and what should come after it.

    `common` ones are asked with an adapter forced on, with `prompt`, in which a question has its own topic; topical
    ones are not. A text has no `question`: it is its own prompt, however it is asked.
    """

    prompt: str
    completion: str
    common: bool
    question: str = ""

    def routed(self, title: str = "") -> str:
        """The prompt after routing: to the document with this title, or to the base."""
        return asked_prompt(self.question, title) if self.question else self.prompt


@lru_cache(maxsize=1)
def items() -> tuple[Item, ...]:
    """Every item in the order in which they are measured.

    Questions come before texts: the rows of one call then share the few-shot examples, which are read once.
    """
    lines = files("evals").joinpath("data/retention.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    asked = [
        Item(probe_prompt(r["topic"], r["question"]), answer_completion(r["answer"]), r["group"] == "common",
             r["question"])
        for r in rows if "text" not in r
    ]  # fmt: skip
    texts = [Item(r["text"], f" {r['next']}", r["group"] == "common") for r in rows if "text" in r]
    return (*asked, *texts)


def questions() -> list[str]:
    """What a person would ask for each item, as the router gets to see it."""
    return [item.question or item.prompt for item in items()]


Answers = dict[tuple[str, str], Likelihood]
"""How likely the right completion is, by subject and prompt."""


class RetentionMeter:
    """Measures forced and routed retention of any subject. The base is measured once and kept."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model

    @cached_property
    def base(self) -> Answers:
        """The bare base on every item as the router leaves it to the base, and on the common ones as if forced."""
        forced = {item.prompt: item.completion for item in items() if item.common}
        return self._answers({BASE: None}, forced | {item.routed(): item.completion for item in items()})

    def measure(self, subjects: Mapping[str, Path | None], title: str, routed: Sequence[bool]) -> list[Retention]:
        """Share of items that greedy decoding gets right, forced and as routed, and the mean log-probability.

        `routed` says for each item whether it would be routed to the subjects' document, which has this `title`;
        all others are answered by the base, so a topical item is asked of a subject only where it is routed there.
        """
        asked = {item.prompt: item.completion for item in items() if item.common}
        asked |= {item.routed(title): item.completion for item, near in zip(items(), routed, strict=True) if near}
        own = self._answers({name: path for name, path in subjects.items() if path is not None}, asked)
        return [self._retention(name, own, title, routed) for name in subjects]

    def _answers(self, subjects: Mapping[str, Path | None], asked: Mapping[str, str]) -> Answers:
        """Each subject's to each prompt, which is given with its completion. Questions and texts go in calls apart."""
        found: Answers = {}
        for few_shot in (True, False):
            prompts = [prompt for prompt in asked if prompt.startswith(FEW_SHOT) == few_shot]
            keys = [(name, prompt) for name in subjects for prompt in prompts]
            queries = [Query(prompt, subjects[name]) for name, prompt in keys]
            likelihoods = self.model.likelihoods(queries, [asked[prompt] for _, prompt in keys]) if keys else []
            found.update(zip(keys, likelihoods, strict=True))
        return found

    def _retention(self, name: str, own: Answers, title: str, routed: Sequence[bool]) -> Retention:
        common = [item.prompt for item in items() if item.common]
        forced = [own.get((name, prompt), self.base[BASE, prompt]) for prompt in common]
        plain = [self.base[BASE, item.routed()] for item in items()]
        seen = [
            own.get((name, item.routed(title)), by_base) if near else by_base
            for item, near, by_base in zip(items(), routed, plain, strict=True)
        ]
        return Retention(
            subject=name,
            items=len(seen),
            forced=sum(x.greedy for x in forced) / len(forced),
            routed=sum(x.greedy for x in seen) / len(seen),
            logprob=sum(x.logprob for x in forced) / len(forced),
            reached=sum(routed),
        )
