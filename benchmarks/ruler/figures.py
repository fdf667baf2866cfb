"""The figures of the ruler, from what came of passages. Intervals are over passages where passages differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import Any

import numpy as np
from scipy.stats import kendalltau, spearmanr

from agent.records import Figure
from benchmarks.ruler.results import Asked, Champion, Learned, Library, Results, Tried
from evals.statistics.intervals import share, weighted

LEAST_TRIED = 3
"""Candidates of a passage that are ranked. Two are always in the same or in the opposite order."""
LONG, ENOUGH = 80, 4
"""Words of a passage that should have this many knowledge probes."""
Told = dict[str, Any]
Gain = Callable[[Asked, Asked], float]
"""Of a subject over the base."""


def gain_in_rightness(own: Asked, base: Asked) -> float:
    return fmean(own.right) - fmean(base.right)


def gain_in_likelihood(own: Asked, base: Asked) -> float:
    """In nats a token."""
    return fmean(own.logprob) - fmean(base.logprob)


GAINS: dict[str, Gain] = {"log-likelihood": gain_in_likelihood, "accuracy": gain_in_rightness}
RANKS: dict[str, Callable[[Sequence[float], Sequence[float]], Any]] = {"kendall": kendalltau, "spearman": spearmanr}


def rank_correlation(rewards: Sequence[float], gains: Sequence[float], how: str) -> float | None:
    """In [-1, 1]. Of rewards that are all the same 0: they tell nothing. None where there is nothing to tell, because
    the gains are all the same, or too few were tried."""
    if len(rewards) < LEAST_TRIED or np.ptp(gains) == 0:
        return None
    return float(RANKS[how](rewards, gains).statistic) if np.ptp(rewards) else 0.0


def correlations(learned: Iterable[Learned], gain: str, how: str) -> dict[str, float]:
    """By passage, of those where it can be told: of the candidates' rewards with their gains on what people asked."""
    found: dict[str, float] = {}
    for one in learned:
        rewards, gains = _tried(one, GAINS[gain])
        value = rank_correlation(rewards, gains, how)
        if value is not None:
            found[one.key] = value
    return found


def _tried(one: Learned, gain: Gain) -> tuple[list[float], list[float]]:
    pairs = [(t.reward, gain(t.human, one.base)) for t in one.tried if t.human and one.base]
    return [reward for reward, _ in pairs], [value for _, value in pairs]


def mean_over_passages(values: Sequence[float]) -> Figure:
    """With an interval from drawing passages again."""
    return weighted(values, [1.0] * len(values))


def probes(learned: Sequence[Learned]) -> Told:
    """How many of which sort, and how many passages have enough of those that measure knowledge."""
    counts = Counter(f"{p.kind} {p.half}" + (" recall" if p.recall else "") for one in learned for p in one.probes)
    checks: Counter[str] = Counter()
    for one in learned:
        checks.update(one.checks)
    long = [one for one in learned if one.words >= LONG]
    return {
        "counts": dict(sorted(counts.items())),
        "checks": dict(checks),
        "made": sum(checks.values()) + sum(counts.values()) if checks else None,
        "knowledge": mean_over_passages([float(len(one.knowledge)) for one in learned]),
        "enough": share(sum(len(one.knowledge) >= ENOUGH for one in long), len(long)),
    }


def gate(learned: Iterable[Learned]) -> dict[str, Told]:
    """Of what went to the gate: whether it was published, against whether the questions of people improved."""
    decided = [(c, one.base, c.human) for one in learned if (c := one.champion) and c.human and one.base]
    return {name: _verdicts([(c, gain(own, base) > 0) for c, base, own in decided]) for name, gain in GAINS.items()}


def _verdicts(rows: Sequence[tuple[Champion, bool]]) -> Told:
    """Undecided is not published."""
    pairs = Counter((champion.verdict == "publish", improved) for champion, improved in rows)
    both = pairs[True, True]
    return {
        "improved": share(both + pairs[False, True], len(rows)),
        "agreement": share(both + pairs[False, False], len(rows)),
        "precision": share(both, both + pairs[True, False]),
        "recall": share(both, both + pairs[False, True]),
        "verdicts": dict(Counter(champion.verdict for champion, _ in rows)),
    }


def forced(learned: Iterable[Learned]) -> dict[str, Figure]:
    """How many questions of people come right with the adapter on, without gate and router: of the base, of a candidate
    on average, of the one with the highest reward, and of the one that people's questions themselves would choose.

    What the first two differ by is the training text's doing; the rest, up to the last, is the ruler's.
    """
    rows = [
        (one.base, [(t, t.human) for t in one.tried if t.human])
        for one in learned
        if one.base and any(t.human for t in one.tried)
    ]
    chosen: dict[str, Callable[[Asked, list[tuple[Tried, Asked]]], float]] = {
        "base": lambda base, _: fmean(base.right),
        "candidates": lambda _, tried: fmean(fmean(own.right) for _, own in tried),
        "best rewarded": lambda _, tried: fmean(max(tried, key=lambda pair: pair[0].reward)[1].right),
        "best by people": lambda _, tried: max(fmean(own.right) for _, own in tried),
    }
    sizes = [float(len(base.right)) for base, _ in rows]
    return {name: weighted([of(*row) for row in rows], sizes) for name, of in chosen.items()}


def through_router(library: Library, published: set[str]) -> Told:
    """The questions over the whole library of the end, before (the base, which has none) and after."""
    rows = [(key, row) for key, row in library.answers.items() if row.after]
    known = [row for key, row in rows if key in published]
    sizes = [float(len(row.after)) for _, row in rows]
    return {
        "before": weighted([fmean(row.before) for _, row in rows], sizes),
        "after": weighted([fmean(row.after) for _, row in rows], sizes),
        "after_of_published": weighted([fmean(row.after) for row in known], [float(len(row.after)) for row in known]),
        "right": [sum(sum(row.before) for _, row in rows), sum(sum(row.after) for _, row in rows)],
        "by": dict(Counter(who for _, row in rows for who in row.by)),
    }


def all_figures(results: Results) -> Told:
    learned = list(results.learned.values())
    published = {one.key for one in learned if one.is_published}
    return {
        "passages": len(learned),
        "published": share(len(published), len(learned)),
        "outcomes": dict(Counter(one.outcome for one in learned).most_common()),
        "seconds": fmean(one.seconds for one in learned) if learned else None,
        "probes": probes(learned),
        "correlation": {
            gain: {how: mean_over_passages(list(correlations(learned, gain, how).values())) for how in RANKS}
            for gain in GAINS
        },
        "forced": forced(learned),
        "gate": gate(learned),
        "routed": through_router(results.library, published) if results.library else None,
    }


def difference(ours: Results, theirs: Results) -> Told:
    """Ours minus theirs, passage by passage, over the passages that both have."""
    both = [key for key in ours.learned if key in theirs.learned]
    mine, other = [ours.learned[key] for key in both], [theirs.learned[key] for key in both]
    pairs = list(zip(mine, other, strict=True))
    return {
        "passages": len(both),
        "published": mean_over_passages([float(a.is_published) - float(b.is_published) for a, b in pairs]),
        "correlation": {
            gain: {how: _paired(correlations(mine, gain, how), correlations(other, gain, how)) for how in RANKS}
            for gain in GAINS
        },
        "routed": _routed(ours.library, theirs.library) if ours.library and theirs.library else None,
    }


def _paired(ours: dict[str, float], theirs: dict[str, float]) -> Figure:
    return mean_over_passages([ours[key] - theirs[key] for key in ours if key in theirs])


def _routed(ours: Library, theirs: Library) -> Told:
    both = [k for k, row in ours.answers.items() if k in theirs.answers and row.after]
    rows = [(ours.answers[key].after, theirs.answers[key].after) for key in both]
    gaps, sizes = [fmean(a) - fmean(b) for a, b in rows], [float(len(a)) for a, _ in rows]
    right = [sum(sum(a) for a, _ in rows), sum(sum(b) for _, b in rows)]
    return {"after": weighted(gaps, sizes), "right": right, "times": right[0] / right[1] if right[1] else None}
