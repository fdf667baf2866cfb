"""`seal bench screening`: what does it cost to train only what the reward model thinks best?

From the practice that a home's ledger holds, without training anything. Each document is left out once: a reward model
that has learned from all others ranks its self-edits, all of which were trained. Compared are the rewards of the best
of all, of the best among the better half by the model's word, and of the best among half of them drawn at random (the
mean over all draws).
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
from evals.calibration import calibration
from evals.paired import difference
from graphs.practice import Practice
from graphs.runtime import Runtime
from graphs.screening import Screen
from seal_train.reward_model import LEAST, Draft, RewardModel

Tried = list[tuple[Draft, float]]


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="seal bench screening", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help="the home in which seal improve ran")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    told = parser.parse_args(argv)
    found = screened(_practised(Runtime(load_config(home=told.home))))
    if told.json:
        print(json.dumps(found))
    else:
        _show(found)


def _practised(runtime: Runtime) -> dict[str, Tried]:
    """The trained self-edits with their rewards, by document and run, of documents with at least four."""
    practice = Practice(runtime)
    screen, found = Screen(runtime, practice), defaultdict[str, Tried](list)
    for it in practice.rewarded():
        if it.self_edit.examples:
            draft = screen.draft(it.features, it.plan, it.self_edit)
            found[f"{it.plan.run} {it.document}"].append((draft, it.reward))
    return {name: tried for name, tried in found.items() if len(tried) >= 4}


def screened(tried: dict[str, Tried]) -> dict[str, Any]:
    """Raises ConfigError where there is too little practice."""
    if sum(map(len, tried.values())) < 2 * LEAST:
        raise ConfigError("too little was practised in this home", "run seal improve for more rounds first")
    best, chosen, drawn = list[float](), list[float](), list[float]()
    names, predicted, measured = list[str](), list[float](), list[float]()
    for name, own in tried.items():
        others = [pair for other, pairs in tried.items() if other.split()[1] != name.split()[1] for pair in pairs]
        told = RewardModel([d for d, _ in others], [r for _, r in others]).predict([d for d, _ in own])
        values, half = [r for _, r in own], len(own) // 2
        ranked = sorted(range(len(own)), key=lambda i: -told[i])
        best.append(max(values))
        chosen.append(max(values[i] for i in ranked[:half]))
        drawn.append(fmean(max(some) for some in combinations(values, half)))
        names += [name] * len(own)
        predicted += told
        measured += values
    found = calibration(names, predicted, measured)
    return {
        "documents": len(best), "self_edits": len(measured),
        "saved": 1 - sum(len(own) // 2 for own in tried.values()) / len(measured),
        "best_of_all": fmean(best), "best_of_the_chosen_half": fmean(chosen), "best_of_a_random_half": fmean(drawn),
        "chosen_minus_all": difference(chosen, best).model_dump(),
        "chosen_minus_random": difference(chosen, drawn).model_dump(),
        "calibration": found.model_dump() if found else None,
    }  # fmt: skip


def _show(found: dict[str, Any]) -> None:
    print(f"{found['self_edits']} self-edits of {found['documents']} documents; {found['saved']:.0%} not trained")
    for name in ("best_of_all", "best_of_the_chosen_half", "best_of_a_random_half"):
        print(f"{name.replace('_', ' '):26} {found[name]:.3f}")
    for name in ("chosen_minus_all", "chosen_minus_random"):
        gap = found[name]
        print(f"{name.replace('_', ' '):26} {gap['mean']:+.3f} (95% interval {gap['low']:+.3f} to {gap['high']:+.3f})")
    if it := found["calibration"]:
        print(f"rank correlation within documents {it['spearman']:.2f} (p = {it['p_value']:.4f}), "
              f"slope {it['slope']:.2f}, mean error {it['error']:.3f}")  # fmt: skip
