"""When the outer loop stops: what it may spend, and what it has come to."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from itertools import takewhile

from agent.config import Config
from agent.errors import ConfigError
from agent.ports import Ledger
from agent.records import Used
from graphs.methods.practice import heldout_run, practice_run

GIB = 2**30


@dataclass(frozen=True)
class Spent:
    """What a run of the outer loop has used so far, over all its sittings."""

    rounds: int
    candidates: int
    tokens: int
    seconds: float
    used: Used

    @property
    def gpu_hours(self) -> float:
        return self.used.gpu_seconds / 3600


def check(config: Config) -> None:
    """Raises ConfigError where a budget can never be used up."""
    asked, names = [config.endpoint(name) for name in config.chats], ", ".join(config.chats)
    if config.improve.money and not any(endpoint.price_in or endpoint.price_out for endpoint in asked):
        cause = f"no endpoint that is asked has a price ({names})" if asked else "no endpoint is asked"
        mend = "set price_in and price_out in [endpoints.NAME], or leave the budget out"
        raise ConfigError(f"improve.money is set, and {cause}", mend, "improve.money")


def spent(ledger: Ledger, run: str) -> Spent:
    rounds = len(ledger.rounds(run))
    names = [name for n in range(1, rounds + 2) for name in (practice_run(run, n), heldout_run(run, n))]
    candidates, tokens = ledger.trained(names)
    return Spent(rounds, candidates, tokens, ledger.run(run).seconds, ledger.used(names))


def within_round(config: Config, ledger: Ledger, run: str) -> str:
    """Why to stop here and now, in the middle of a round; "" where there is no reason to."""
    limits, used = config.improve, spent(ledger, run)
    if config.stop_path.exists():
        return f"asked to by the file {config.stop_path}"
    if limits.hours and used.seconds >= limits.hours * 3600:
        return f"{limits.hours:g} hours are over (improve.hours)"
    if limits.most_candidates and used.candidates >= limits.most_candidates:
        return f"{used.candidates} candidates were trained (improve.most_candidates)"
    if limits.most_tokens and used.tokens >= limits.most_tokens:
        return f"{used.tokens:,} tokens were trained on (improve.most_tokens)"
    if limits.gpu_hours and used.gpu_hours >= limits.gpu_hours:
        return f"{used.gpu_hours:.2f} GPU-hours are used (improve.gpu_hours)"
    if limits.money and used.used.money >= limits.money:
        return f"endpoints have cost {used.used.money:.4g} (improve.money)"
    free = shutil.disk_usage(config.home).free / GIB
    if free < limits.free_gib:
        return f"the disk has {free:.1f} GiB free, less than {limits.free_gib:g} (improve.free_gib)"
    return ""


def between_rounds(config: Config, ledger: Ledger, run: str) -> str:
    """Why not to begin another round; "" where there is no reason not to."""
    limits, rounds = config.improve, ledger.rounds(run)
    if len(rounds) >= limits.rounds:
        return f"{len(rounds)} rounds are done (improve.rounds)"
    since = len(list(takewhile(lambda r: r.word == "keep", reversed(rounds))))
    if limits.patience and since >= limits.patience:
        return f"{since} rounds in a row brought nothing better (improve.patience)"
    if limits.target and rounds:
        best = max(r.gain for r in rounds[-1].results if r.trials)
        if best >= limits.target:
            return f"held-out gain reached {best:.2f} (improve.target)"
    return within_round(config, ledger, run)
