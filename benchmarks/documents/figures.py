"""The figures of both codes, and what is between them, round by round and document by document."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, median
from typing import Any

from agent.records import Figure
from benchmarks.documents.running import Learned
from evals.statistics.intervals import mean, share

Told = dict[str, Any]


def of_one(rounds: Sequence[Learned]) -> Told:
    """Of one code over its rounds: medians with the least and the most, shares with their intervals."""
    right = [hit for one in rounds for row in one.right.values() for hit in row]
    documents = sum(one.documents for one in rounds)
    steps = dict.fromkeys(step for one in rounds for step in one.steps)
    return {
        "documents": documents,
        "documents_per_hour": spread(one.per_hour for one in rounds),
        "seconds_per_document": spread(one.seconds / one.documents for one in rounds),
        "processor_seconds_per_document": spread(one.processor / one.documents for one in rounds),
        "peak_mib": max(one.peak_mib for one in rounds),
        "steps": {step: median(one.steps.get(step, 0.0) / one.documents for one in rounds) for step in steps},
        "right": share(sum(right), len(right)),
        "published": share(sum(one.published for one in rounds), documents),
        "retention": [fmean(side) if (side := [r for r in column if r is not None]) else None
                      for column in zip(*(one.retention for one in rounds), strict=True)],
    }  # fmt: skip


def spread(values: Iterable[float]) -> Told:
    found = list(values)
    return {"median": median(found), "least": min(found), "most": max(found), "n": len(found)}


def between(ours: Sequence[Learned], theirs: Sequence[Learned]) -> Told:
    """How many times as fast, over rounds that both did (the geometric mean of the ratios), and the share of an
    article's questions that is right, ours less theirs."""
    pairs = [(a, b) for a in ours for b in theirs if a.round == b.round]
    return {
        "rounds": len(pairs),
        "times_as_fast": _times([b.seconds / a.seconds for a, b in pairs]),
        "times_the_processor": _times([a.processor / b.processor for a, b in pairs]),
        "right": mean([fmean(a.right[title]) - fmean(row) for a, b in pairs for title, row in b.right.items() if row]),
        "published": mean([(a.published - b.published) / a.documents for a, b in pairs]),
    }


def _times(ratios: Sequence[float]) -> Figure:
    found = mean([math.log(ratio) for ratio in ratios])
    value, low, high = (None if x is None else math.exp(x) for x in (found.value, found.low, found.high))
    return Figure(value=value, low=low, high=high, n=found.n)
