"""The reward of a candidate: a table of named, weighted terms.

A new term is one function and one line in `rubric`. A package outside adds one through the entry point group
"seal.rewards", whose object is a `Term`: with its usual weight of 0 it is a metric, which is reported and never counts.
The table is the idea of verifiers' `Rubric` (github.com/PrimeIntellect-ai/verifiers), but that a term which fails is an
error here, never a reward of 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from agent.config.sections import RewardConfig
from agent.errors import ConfigError
from agent.extensions import installed
from agent.records import Reward
from evals.evidence import RewardEvidence
from evals.rewards.gain import forgetting, gain_on_reward_half, length, recall_gain, repetition

GROUP = "seal.rewards"


@dataclass(frozen=True)
class Term:
    """One thing that a reward counts.

    `weight` is what one unit of it adds to the reward, below 0 for a penalty, and 0 for a metric. What is `measure`d
    beyond `clip` counts as that, in both directions. `of_form` marks what the text alone says, before any training.
    """

    name: str
    measure: Callable[[RewardEvidence], float]
    weight: float = 0.0
    clip: float = math.inf
    of_form: bool = False

    def points(self, value: float) -> float:
        return self.weight * max(-self.clip, min(self.clip, value))


def rubric(weights: RewardConfig) -> tuple[Term, ...]:
    """Every term of the reward, ours first, then those of installed packages.

    Raises:
        ConfigError: an installed term cannot be imported, or takes a name that is taken.
    """
    ours = (
        Term("gain", gain_on_reward_half, 1.0, clip=weights.clip),
        Term("forgetting", forgetting, -weights.forgetting_weight),
        Term("length", lambda it: length(it.document, it.self_edit), -weights.length_weight, of_form=True),
        Term("repetition", lambda it: repetition(it.self_edit), -weights.repetition_weight, of_form=True),
        Term("recall_gain", recall_gain),
    )
    taken = {*Reward.model_fields, *(term.name for term in ours)}
    return (*ours, *installed(GROUP, "reward term", "reward terms", taken).values())


def reward(evidence: RewardEvidence, terms: Iterable[Term]) -> Reward:
    """The weighted sum of all terms, and what each was measured to be. A term sees no probe that is held out.

    Raises:
        ValueError: nothing was measured, which is no reward of zero.
        ConfigError: a term is not a number.
    """
    seen = replace(evidence, probes=evidence.probes.asked_in_practice)
    found = {term: term.measure(seen) for term in terms}
    for term, value in found.items():
        if not math.isfinite(value):
            raise ConfigError(f"the reward term {term.name!r} came to {value}", "mend or remove the package it is from")
    measured, form = (  # two sums, in this order: rewards stay what they were before there was a table, to the last bit
        _added_up(term.points(value) for term, value in found.items() if term.of_form == of_form)
        for of_form in (False, True)
    )
    own = {term.name: value for term, value in found.items() if term.name in Reward.model_fields}
    others = {term.name: value for term, value in found.items() if term.name not in own}
    return Reward.model_validate({"candidate": evidence.candidate, "value": measured + form, "others": others, **own})


def _added_up(points: Iterable[float]) -> float:
    """One after the other, rounded each time. From Python 3.12 on `sum` would round once, and give other rewards."""
    total = 0.0
    for one in points:
        total += one
    return total
