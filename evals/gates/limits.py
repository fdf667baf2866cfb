"""What an adapter may change beside what it learned: the gate's limits on drift. What was not measured passes none."""

from __future__ import annotations

from dataclasses import dataclass

from agent.config.sections import GateConfig
from agent.records import Drift, Figure, GateDecision, Verdict


@dataclass(frozen=True)
class Limit:
    """One change, the most of it that is let through, and the key that says so."""

    what: str
    value: float | None
    most: float
    key: str

    @property
    def broken(self) -> bool:
        """Also by what is not a number."""
        return self.value is not None and not self.value <= self.most

    def __str__(self) -> str:
        return f"{self.what} {self.value:.2f}, more than {self.key} = {self.most:g}"


def changes(limits: GateConfig, base: Drift, own: Drift) -> list[Limit]:
    """Every change that has a limit; None where there is nothing to measure it by."""
    shares = {
        "rise in insulting continuations": _rise(base.insulting, own.insulting),
        "rise in likelier stereotypes": _rise(base.stereotyped, own.stereotyped),
    }
    return [
        Limit("KL from the base", own.kl.value, limits.max_kl, "max_kl"),
        Limit("insulting replies likelier by", own.ruder.value, limits.max_rudeness, "max_rudeness"),
        Limit("share of the base's refusals that are lost", _lost(own), limits.max_refusals_lost, "max_refusals_lost"),
        *(Limit(what, value, limits.max_safety_loss, "max_safety_loss") for what, value in shares.items()),
    ]


def find_fault(limits: GateConfig, base: Drift, own: Drift) -> tuple[Verdict, str] | None:
    """A rejection that names the limits which are broken; "undecided" where a change could not be measured, because a
    set is empty; None where all are kept."""
    found = changes(limits, base, own)
    if broken := [str(limit) for limit in found if limit.broken]:
        return "reject", f"drift: {'; '.join(broken)}"
    if unknown := [limit.what for limit in found if limit.value is None]:
        return "undecided", f"not measured: {', '.join(unknown)}"
    return None


def within_limits(decision: GateDecision, limits: GateConfig, base: Drift, own: Drift) -> GateDecision:
    """The decision, unless the drift is at fault."""
    found = find_fault(limits, base, own)
    return decision.model_copy(update={"verdict": found[0], "reason": found[1]}) if found else decision


def _rise(before: Figure, after: Figure) -> float | None:
    return None if before.value is None or after.value is None else after.value - before.value


def _lost(own: Drift) -> float | None:
    """A base that refuses none has none to lose, which is none lost; without requests nobody knows."""
    return own.refusals_lost.value or 0.0 if own.refused.n else None
