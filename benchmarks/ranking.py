"""`seal bench ranking`: do a document's candidates rank alike, whatever the seed and whoever trained them?

Axes: S seeds, D documents, C candidates of each.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.records import TrainSettings
from benchmarks.inner.batched import Batched
from benchmarks.inner.cost import Cost, Method
from benchmarks.inner.running import loaded, model_options, progress, settings_of
from benchmarks.inner.warm_peft import WarmPeft
from benchmarks.inner.workload import Work, from_file
from evals.matching import contains

Rewards = NDArray[np.float64]
SEEDS_APART = 1000
"""Candidates of one turn have seeds one after the other; the next turn's begin so much later."""
RELIABLE = 0.8
"""Of the variance of a mean over seeds, the share that should be the candidates' own."""


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="seal bench ranking", description=__doc__.partition("\n")[0] if __doc__ else "",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )  # fmt: skip
    model_options(p)
    p.add_argument("--documents", type=int, default=3)
    p.add_argument("--candidates", type=int, default=5, help="self-edits of each document")
    p.add_argument("--seeds", type=int, default=3, help="trainings of each candidate by seal, at least 2")
    p.add_argument("--peft-seeds", type=int, default=2, help="trainings of each candidate by PEFT, the first seeds")
    return p


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser().parse_args(arguments)
    if options.workload is None:
        parser().error("--workload is needed: invented work has no answers that could be learned")
    if not 2 <= options.peft_seeds <= options.seeds:
        parser().error("--peft-seeds must be at least 2 and at most --seeds")
    settings, shape = settings_of(options), (options.documents, options.candidates)
    work = from_file(options.workload, math.prod(shape), each=options.candidates)
    base, path = loaded(options)
    turns: list[tuple[Method, int]] = [(Batched(base), options.seeds)]
    turns.append((WarmPeft(base, path, base.loss_head.weight.dtype, settings), options.peft_seeds))
    ours, theirs = measure(turns, work, settings, shape)
    found = {
        "model": base.name, "documents": shape[0], "candidates": shape[1], "seeds": options.seeds,
        "peft_seeds": options.peft_seeds, "settings": settings.model_dump(), **compared(ours, theirs),
        "rewards": {"seal": ours.round(4).tolist(), "peft": theirs.round(4).tolist()},
    }  # fmt: skip
    print(json.dumps(found) if options.json else told(found))


def measure(
    turns: Sequence[tuple[Method, int]], work: Sequence[Work], settings: TrainSettings, shape: tuple[int, int]
) -> list[Rewards]:
    """The rewards that each method finds, [S, D, C]."""
    out: list[Rewards] = []
    with (
        tempfile.TemporaryDirectory(prefix="seal-bench-") as folder, progress(sum(n for _, n in turns)) as tell,
    ):  # fmt: skip
        for method, seeds in turns:
            rows: list[Rewards] = []
            for seed in range(seeds):
                tell(f"{method.name}, seed {seed + 1} of {seeds}")
                with redirect_stdout(StringIO()):
                    cost = method.run(
                        work, settings.model_copy(update={"seed": seed * SEEDS_APART}), Path(folder)
                    )  # fmt: skip
                rows.append(rewards(cost, work).reshape(shape))
            out.append(np.stack(rows))
    return out


def rewards(cost: Cost, work: Sequence[Work]) -> Rewards:
    """Each candidate's mean of accuracy and answer probability over its questions, as `evals.reward` has it, without
    what the base had before: that is the same for all candidates of a document."""
    out: list[float] = []
    for item, answers, logprobs in zip(work, cost.answers, cost.logprobs, strict=True):
        right = [contains(answer, wanted) for answer, (_, wanted) in zip(answers, item.questions, strict=True)]
        out.append(float(np.mean(right) + np.mean(np.exp(logprobs))) / 2)
    return np.array(out)


def compared(ours: Rewards, theirs: Rewards) -> dict[str, Any]:
    """What the seed does to rewards and to their order within a document, and what the trainer does beyond it."""
    noise, between = spread(ours)
    same = (ours[: len(theirs)] - theirs) / math.sqrt(2)
    return {
        "reward_sd": {"seed": _round(noise), "candidates": _round(between)},
        "reward_sd_peft": {"seed": _round(spread(theirs)[0])},
        "reward_sd_trainer": _round(float(np.sqrt(np.mean(same**2)))),
        "seeds_needed": seeds_needed(noise, between),
        "kendall_tau": {
            "seal, other seed": _round(tau(ours, ours, same_seed=False)),
            "peft, other seed": _round(tau(theirs, theirs, same_seed=False)),
            "seal and peft, same seed": _round(tau(ours, theirs, same_seed=True)),
            "seal and peft, other seed": _round(tau(ours, theirs, same_seed=False)),
        },
    }


def spread(rewards_SDC: Rewards) -> tuple[float, float]:
    """Standard deviations of a candidate's reward over seeds, and of candidates of one document beyond that (one-way
    analysis of variance with random effects)."""
    noise = rewards_SDC.var(axis=0, ddof=1).mean()
    between = rewards_SDC.mean(axis=0).var(axis=1, ddof=1).mean() - noise / len(rewards_SDC)
    return math.sqrt(noise), math.sqrt(max(0.0, between))


def seeds_needed(noise: float, between: float) -> int | None:
    """Seeds whose mean reward is `RELIABLE` (Spearman-Brown); None where candidates differ by nothing but the seed."""
    if not between:
        return None
    return max(1, math.ceil(RELIABLE / (1 - RELIABLE) * (noise / between) ** 2))


def tau(a_SDC: Rewards, b_SDC: Rewards, same_seed: bool) -> float:
    """Kendall's tau-b of the candidates of a document, mean over documents and pairs of seeds."""
    from scipy.stats import kendalltau

    pairs = [(i, j) for i, j in product(range(len(a_SDC)), range(len(b_SDC))) if (i == j) == same_seed]
    found = [kendalltau(x, y).statistic for i, j in pairs for x, y in zip(a_SDC[i], b_SDC[j], strict=True)]
    return float(np.nanmean(found))


def told(found: dict[str, Any]) -> str:
    sd, needed = found["reward_sd"], found["seeds_needed"]
    orders = "\n".join(f"  {name:<28}{value:>6}" for name, value in found["kendall_tau"].items())
    return f"""\
{found["documents"]} documents with {found["candidates"]} candidates each, {found["model"]}
{found["seeds"]} seeds by seal, {found["peft_seeds"]} by PEFT
standard deviation of the reward
  from seed to seed           {sd["seed"]:>6} (PEFT: {found["reward_sd_peft"]["seed"]})
  between a document's own    {sd["candidates"]:>6}
  between trainers            {found["reward_sd_trainer"]:>6}
order of a document's candidates (Kendall's tau, 1 is the same order)
{orders}
seeds for a reward that is {RELIABLE:.0%} the candidate's own: {needed or "none is enough"}"""


def _round(value: float) -> float:
    return round(value, 4)


if __name__ == "__main__":
    main(sys.argv[1:])
