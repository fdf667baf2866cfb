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
from evals.probes.matching import contains
from evals.statistics.noise import ODDS

Rewards = NDArray[np.float64]
SEEDS_APART = 1000
"""Candidates of one turn have seeds one after the other; the next turn's begin so much later."""
CONFIDENCE = 0.9


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="seal bench ranking", description=__doc__.partition("\n")[0] if __doc__ else "",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )  # fmt: skip
    p.add_argument("--workload", type=Path, required=True, help="JSONL of self-edits (title, text, completions, "
                   "questions), several of each text")  # fmt: skip
    model_options(p)
    p.add_argument("--documents", type=int, default=3)
    p.add_argument("--candidates", type=int, default=5, help="self-edits of each document")
    p.add_argument("--seeds", type=int, default=3, help="trainings of each candidate by seal, at least 2")
    p.add_argument("--peft-seeds", type=int, default=2, help="trainings of each candidate by PEFT, the first seeds")
    return p


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser().parse_args(arguments)
    if not 2 <= options.peft_seeds <= options.seeds:
        parser().error("--peft-seeds must be at least 2 and at most --seeds")
    if options.candidates < 2 or options.documents < 1:
        parser().error("--candidates must be at least 2, --documents at least 1")
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
    folder, total = tempfile.TemporaryDirectory(prefix="seal-bench-"), sum(seeds for _, seeds in turns)
    with folder as path, progress(total) as tell, redirect_stdout(StringIO()):
        for method, seeds in turns:
            rows: list[Rewards] = []
            for seed in range(seeds):
                tell(f"{method.name}, seed {seed + 1} of {seeds}")
                turn = settings.model_copy(update={"seed": seed * SEEDS_APART})
                rows.append(rewards(method.run(work, turn, Path(path)), work).reshape(shape))
            out.append(np.stack(rows))
    return out


def rewards(cost: Cost, work: Sequence[Work]) -> Rewards:
    """Each candidate's mean of accuracy and answer probability over its questions, as `evals.rewards.gain` has it,
    without what the base had before: that is the same for all candidates of a document."""
    out: list[float] = []
    for item, answers, logprobs in zip(work, cost.answers, cost.logprobs, strict=True):
        right = [contains(answer, wanted) for answer, (_, wanted) in zip(answers, item.questions, strict=True)]
        out.append(float(np.mean(right) + np.mean(np.exp(logprobs))) / 2)
    return np.array(out)


def compared(ours: Rewards, theirs: Rewards) -> dict[str, Any]:
    """What the seed does to rewards and to their order within a document, and what the trainer does with equal seeds:
    PEFT trains in another number type where seal's is mixed, and answers through transformers."""
    noise, between = spread(ours)
    same = (ours[: len(theirs)] - theirs) / math.sqrt(2)
    lost = regret(ours)
    return {
        "reward_sd": {"seed": _round(noise), "candidates": _round(between)},
        "reward_sd_peft": {"seed": _round(spread(theirs)[0])},
        "reward_sd_trainer": _round(float(np.sqrt(np.mean(same**2)))),
        "seeds_needed": seeds_needed(ours),
        "chosen_by_one_seed": {"best": _round(lost[0]), "chosen": _round(lost[1]), "any": _round(lost[2])},
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
    within, between = _mean_squares(rewards_SDC)
    return math.sqrt(within), math.sqrt(max(0.0, between - within) / len(rewards_SDC))


def _mean_squares(rewards_SDC: Rewards) -> tuple[float, float]:
    """Within candidates and between those of a document."""
    between = len(rewards_SDC) * rewards_SDC.mean(axis=0).var(axis=1, ddof=1).mean()
    return float(rewards_SDC.var(axis=0, ddof=1).mean()), float(between)


def seeds_needed(rewards_SDC: Rewards) -> dict[str, int | None]:
    """Seeds after which a mean reward is `ODDS` to 1 the candidate's own (Spearman-Brown), with the F interval's ends;
    None where not even the seed's noise is exceeded. What differs between candidates on these questions counts as
    their own."""
    from scipy.stats import f

    seeds, documents, candidates = rewards_SDC.shape
    within, between = _mean_squares(rewards_SDC)
    ratio = between / within if within else math.inf
    freedom = documents * (candidates - 1), documents * candidates * (seeds - 1)
    low, high = (float(f.ppf(quantile, *freedom)) for quantile in ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    ratios = {"median": ratio, "least": ratio / low, "most": ratio / high}
    return {name: _needed(seeds, value) for name, value in ratios.items()}


def _needed(seeds: int, ratio: float) -> int | None:
    """`ratio` of the mean squares between and within candidates."""
    return max(1, math.ceil(ODDS * seeds / (ratio - 1) - 1e-9)) if ratio > 1 else None


def regret(rewards_SDC: Rewards) -> tuple[float, float, float]:
    """Rewards by the seeds that had no part in the choice: of the candidate that is best by them, of the one that one
    seed chose, and of any. Means over documents and choosing seeds."""
    best, chosen, average = [], [], []
    for seed in range(len(rewards_SDC)):
        others_DC = np.delete(rewards_SDC, seed, axis=0).mean(axis=0)
        pick_D1 = rewards_SDC[seed].argmax(axis=1)[:, None]
        best.append(others_DC.max(axis=1).mean())
        chosen.append(np.take_along_axis(others_DC, pick_D1, axis=1).mean())
        average.append(others_DC.mean())
    return float(np.mean(best)), float(np.mean(chosen)), float(np.mean(average))


def tau(a_SDC: Rewards, b_SDC: Rewards, same_seed: bool) -> float:
    """Kendall's tau-b of the candidates of a document, mean over documents and pairs of seeds."""
    from scipy.stats import kendalltau

    pairs = [(i, j) for i, j in product(range(len(a_SDC)), range(len(b_SDC))) if (i == j) == same_seed]
    found = [kendalltau(x, y).statistic for i, j in pairs for x, y in zip(a_SDC[i], b_SDC[j], strict=True)]
    known = [value for value in found if not math.isnan(value)]  # not of rewards that are all the same
    return float(np.mean(known)) if known else math.nan


def told(found: dict[str, Any]) -> str:
    sd, needed, lost = found["reward_sd"], found["seeds_needed"], found["chosen_by_one_seed"]
    orders = "\n".join(f"  {name:<28}{value!s:>8}" for name, value in found["kendall_tau"].items())
    seeds = {name: "never" if value is None else value for name, value in needed.items()}
    return f"""\
{found["documents"]} documents with {found["candidates"]} candidates each, {found["model"]}
{found["seeds"]} seeds by seal, {found["peft_seeds"]} by PEFT
standard deviation of the reward
  from seed to seed           {sd["seed"]!s:>8} (PEFT: {found["reward_sd_peft"]["seed"]})
  between a document's own    {sd["candidates"]!s:>8}
  between trainers, same seed {found["reward_sd_trainer"]!s:>8}
order of a document's candidates (Kendall's tau, 1 is the same order)
{orders}
reward by other seeds than the one that chose: best {lost["best"]}, chosen {lost["chosen"]}, any {lost["any"]}
seeds for a mean that is {ODDS} to 1 the candidate's own: {seeds["median"]} ({seeds["least"]} to {seeds["most"]}, \
{CONFIDENCE:.0%} interval)"""


def _round(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)


if __name__ == "__main__":
    main(sys.argv[1:])
