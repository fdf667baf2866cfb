"""What a round came to, as numbers by name: for the trackers, and for the plots."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, stdev

from agent.ports import Ledger
from agent.records.rounds import Round
from graphs.methods.practice import heldout_run, practice_run

Z95 = 1.96


def half_width(gains: Sequence[float]) -> float:
    """Of the 95% interval of their mean, by the normal distribution. Takes two or more."""
    return float(Z95 * stdev(gains) / len(gains) ** 0.5)


def figures(ledger: Ledger, round: Round) -> dict[str, float]:
    """Every figure of a round, by names with slashes. What could not be measured is left out."""
    used = ledger.used([practice_run(round.run, round.number), heldout_run(round.run, round.number)])
    found: dict[str, float] = {
        "practice/candidates": round.practised.candidates,
        "practice/tokens": round.practised.tokens,
        "spent/seconds": round.seconds,
        "spent/gpu_hours": used.gpu_seconds / 3600,
        "spent/money": used.money,
        "spent/prompt_tokens": used.prompt_tokens,
        "spent/completion_tokens": used.completion_tokens,
    }
    if round.practised.rewards:
        found["practice/reward"] = fmean(round.practised.rewards)
    for result in round.results:
        if gains := [trial.gain for trial in result.trials]:
            mean = found[f"heldout/{result.arm}/gain"] = fmean(gains)
            if len(gains) > 1:
                half = half_width(gains)
                found |= {f"heldout/{result.arm}/low": mean - half, f"heldout/{result.arm}/high": mean + half}
    for arm, texts in round.texts.items():
        found |= {f"texts/{arm}/{name}": float(value) for name, value in texts.model_dump(exclude_none=True).items()}
    told = {f"difference/{arm}": difference.model_dump() for arm, difference in round.differences.items()}
    if round.practised.noise:
        told["noise"] = round.practised.noise.model_dump()
    if round.calibration:
        told["calibration"] = round.calibration.model_dump()
    return found | {f"{group}/{key}": float(value) for group, it in told.items() for key, value in it.items()}
