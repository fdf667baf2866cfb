"""`seal bench screening`: what does it cost to train only what the reward model thinks best?

From the practice that a home's ledger holds, without training anything. Each document is left out once: a reward model
that has learned from all others ranks its self-edits, all of which were trained. Of k trained ones the best is kept:
k as the outer loop takes them, the best but one by the model's word and any of the others, and k drawn at random (the
mean over all draws). Where practice had several seeds, the best is chosen by one seed's reward and is worth that of the
others, so that luck is not counted.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

from agent.config import load_config
from agent.errors import ConfigError
from evals.statistics.calibration import calibration
from evals.statistics.paired import difference
from graphs.context import Context
from graphs.improve.screening import Screen
from graphs.methods.practice import Practice
from graphs.wiring import open_context
from seal_train.policies.reward_model import LEAST, Draft, RewardModel

Rewards = tuple[float, ...]
"""Of one self-edit, by seed."""
Tried = list[tuple[Draft, Rewards]]
FEWEST = 4
"""Self-edits of a document that was practised on, of which half is not yet one."""


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="seal bench screening", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help="the home in which seal improve ran")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    told = parser.parse_args(argv)
    found = screened(_practised(open_context(load_config(home=told.home))))
    if told.json:
        print(json.dumps(found))
    else:
        _show(found)


def _practised(context: Context) -> dict[str, Tried]:
    """The trained self-edits with their rewards, by run and document."""
    screen, found = context.keep(Screen), defaultdict[str, Tried](list)
    for it in context.keep(Practice).rewarded():
        if it.self_edit.examples:
            draft = screen.draft(it.features, it.plan, it.self_edit)
            found[f"{it.plan.run} {it.document}"].append((draft, it.rewards))
    return found


def screened(tried: dict[str, Tried]) -> dict[str, Any]:
    """Documents with fewer self-edits than most are left out of the comparison, and learned from.

    Raises:
        ConfigError: there is too little practice.
    """
    if sum(map(len, tried.values())) < 2 * LEAST:
        raise ConfigError("too little was practised in this home", "run seal improve for more rounds first")
    sizes = [len(own) for own in tried.values()]
    size = max(FEWEST, max(sizes, key=sizes.count))
    chosen, drawn = defaultdict[int, list[float]](list), defaultdict[int, list[float]](list)
    names, predicted, measured = list[str](), list[float](), list[float]()
    for name, own in tried.items():
        if len(own) < size:
            continue
        told, rewards = _told(name, tried), [it for _, it in own]
        ranked = sorted(range(len(own)), key=lambda i: -told[i])
        for k in range(2, size + 1):
            explored = [[*ranked[: k - 1], other] for other in ranked[k - 1 :]]
            chosen[k].append(fmean(worth(rewards, some) for some in explored))
            drawn[k].append(fmean(worth(rewards, some) for some in combinations(range(len(own)), k)))
        names += [name] * len(own)
        predicted += told
        measured += map(fmean, rewards)
    if len(chosen[size]) < 2:
        raise ConfigError(f"fewer than two documents have {size} self-edits", "practise on more documents")
    half, found = size // 2, calibration(names, predicted, measured)
    return {
        "documents": len(drawn[size]), "self_edits": len(measured), "each": size,
        "kept": {k: {"chosen": fmean(chosen[k]), "random": fmean(drawn[k])} for k in chosen},
        "half_chosen_minus_all": difference(chosen[half], drawn[size]).model_dump(),
        "half_chosen_minus_half_random": difference(chosen[half], drawn[half]).model_dump(),
        "half_chosen_is_worth_random": _equal(fmean(chosen[half]), {k: fmean(v) for k, v in drawn.items()}),
        "calibration": found.model_dump() if found else None,
    }  # fmt: skip


def _told(name: str, tried: dict[str, Tried]) -> list[float]:
    """What a model says of a document's self-edits that has seen no practice on that document."""
    document = name.split()[1]
    others = [pair for other, pairs in tried.items() if other.split()[1] != document for pair in pairs]
    model = RewardModel([draft for draft, _ in others], [fmean(rewards) for _, rewards in others])
    return model.predict([draft for draft, _ in tried[name]])


def worth(rewards: Sequence[Rewards], some: Sequence[int]) -> float:
    """Of the best of some self-edits: each seed chooses once, and the others say what its choice is worth."""
    seeds = range(min(len(rewards[i]) for i in some))
    if len(seeds) == 1:
        return max(rewards[i][0] for i in some)
    picked = [(seed, max(some, key=lambda i: rewards[i][seed])) for seed in seeds]
    return fmean(fmean(rewards[i][other] for other in seeds if other != seed) for seed, i in picked)


def _equal(gain: float, drawn: dict[int, float]) -> float:
    """How many at random are worth as much, between whole numbers by a straight line."""
    if gain <= drawn[min(drawn)]:
        return float(min(drawn))
    for k in sorted(drawn)[1:]:
        if drawn[k] >= gain:
            return k - (drawn[k] - gain) / (drawn[k] - drawn[k - 1])
    return float(max(drawn))


def _show(found: dict[str, Any]) -> None:
    size, half = found["each"], found["each"] // 2
    print(f"{found['self_edits']} self-edits of {found['documents']} documents, {size} and more each")
    print("trained   as screened   at random   (reward of the one that is kept)")
    for k, it in found["kept"].items():
        print(f"{k:7}   {it['chosen']:11.3f}   {it['random']:9.3f}")
    for name, gap in ((f"{half} screened less all {size}", found["half_chosen_minus_all"]),
                      (f"{half} screened less {half} at random", found["half_chosen_minus_half_random"])):  # fmt: skip
        print(f"{name:30} {gap['mean']:+.3f} (95% interval {gap['low']:+.3f} to {gap['high']:+.3f})")
    equal = found["half_chosen_is_worth_random"]
    print(f"{half} screened are worth {equal:.1f} at random: {1 - half / equal:.0%} of the trainings saved")
    if it := found["calibration"]:
        print(f"rank correlation within documents {it['spearman']:.2f} (p = {it['p_value']:.4f}), "
              f"slope {it['slope']:.2f}, mean error {it['error']:.3f}")  # fmt: skip
