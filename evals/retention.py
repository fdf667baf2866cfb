"""What a candidate forgot: a fixed set of general questions and texts, asked of the base and of every candidate."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path

from agent.ports import LanguageModel, Likelihood, Query
from agent.prompts import FEW_SHOT, answer_completion, probe_prompt
from agent.records import BASE, Retention


@dataclass(frozen=True)
class Item:
    """One general question or text. `common` ones are asked with an adapter forced on; topical ones are not."""

    prompt: str
    completion: str
    common: bool


@lru_cache(maxsize=1)
def items() -> tuple[Item, ...]:
    """Every item in the order in which they are measured.

    Questions come before texts: the rows of one call then share the few-shot examples, which are read once.
    """
    lines = files("evals").joinpath("data/retention.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    asked = [
        (probe_prompt(r["topic"], r["question"]), answer_completion(r["answer"]), r) for r in rows if "text" not in r
    ]
    told = [(r["text"], f" {r['next']}", r) for r in rows if "text" in r]
    return tuple(Item(prompt, end, r["group"] == "common") for prompt, end, r in asked + told)


def questions() -> list[str]:
    """What a person would ask for each item, as the router gets to see it."""
    return [
        prompt.rpartition("Question: ")[2].removesuffix("\nAnswer:") for prompt in (item.prompt for item in items())
    ]


class RetentionMeter:
    """Measures forced and routed retention of any subject. The base is measured once and kept."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model

    @cached_property
    def base(self) -> list[Likelihood]:
        """The bare base on every item."""
        every = range(len(items()))
        found = self._likelihoods({BASE: None}, every)
        return [found[BASE, i] for i in every]

    def measure(self, subjects: Mapping[str, Path | None], routed: Sequence[bool]) -> list[Retention]:
        """Share of items that greedy decoding gets right, forced and as routed, and the mean log-probability.

        `routed` says for each item whether it would be routed to the subjects' document; all others are
        answered by the base, so a topical item is asked of a subject only where it is routed there.
        """
        asked = [i for i, item in enumerate(items()) if item.common or routed[i]]
        own = self._likelihoods({name: path for name, path in subjects.items() if path is not None}, asked)
        return [self._retention(name, own, routed) for name in subjects]

    def _likelihoods(
        self, subjects: Mapping[str, Path | None], asked: Sequence[int]
    ) -> dict[tuple[str, int], Likelihood]:
        """By subject and place of the item. Questions and texts are asked apart."""
        found: dict[tuple[str, int], Likelihood] = {}
        for few_shot in (True, False):
            places = [i for i in asked if items()[i].prompt.startswith(FEW_SHOT) == few_shot]
            keys = [(name, i) for name in subjects for i in places]
            queries = [Query(items()[i].prompt, subjects[name]) for name, i in keys]
            likelihoods = self.model.likelihoods(queries, [items()[i].completion for _, i in keys]) if keys else []
            found.update(zip(keys, likelihoods, strict=True))
        return found

    def _retention(self, name: str, own: Mapping[tuple[str, int], Likelihood], routed: Sequence[bool]) -> Retention:
        forced = [own.get((name, i), self.base[i]) for i, item in enumerate(items()) if item.common]
        seen = [own.get((name, i), plain) if routed[i] else plain for i, plain in enumerate(self.base)]
        return Retention(
            subject=name,
            items=len(seen),
            forced=sum(x.greedy for x in forced) / len(forced),
            routed=sum(x.greedy for x in seen) / len(seen),
            logprob=sum(x.logprob for x in forced) / len(forced),
            reached=sum(routed),
        )
