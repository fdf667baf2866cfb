"""What a person reads before and after `seal improve`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from agent.config import Config
from app.tables import screen, table

ARMS = {
    "current": "the policy that acted in the last round",
    "learned": "what it taught",
    "random": "control: learned from rewards dealt to actions at random",
    "untrained": "control: has learned nothing",
    "usual": "what plans where there is no policy",
}
POLICIES_TESTED = 4
"""At most, on each held-out document: plans that are the same are trained once."""


def estimate(config: Config) -> dict[str, Any]:
    """What a run would train, at most. Seconds and tokens are those of this ledger's candidates, None without any."""
    from graphs.runtime import Runtime
    from graphs.summary import latest

    limits, runtime = config.improve, Runtime(config)
    practice = limits.documents * limits.self_edits * limits.seeds
    candidates = limits.rounds * (practice + limits.heldout * POLICIES_TESTED)
    found: dict[str, Any] = {
        "rounds": limits.rounds,
        "candidates": candidates,
        "seconds": None,
        "tokens": None,
        "measured_on": 0,
    }
    if runtime.begun:
        ledger = runtime.ledger
        past, tokens = ledger.trained([r["run"] for r in ledger.runs()])
        took = sum(float(r["seconds"]) for r in latest(ledger))
        if past:
            found |= {"seconds": candidates * took / past, "tokens": candidates * tokens // past, "measured_on": past}
    return found


def show_estimate(found: dict[str, Any]) -> None:
    console = screen()
    console.print(f"{found['rounds']} rounds, at most {found['candidates']} candidates")
    if found["measured_on"]:
        console.print(
            f"about {found['seconds'] / 3600:.1f} hours and {found['tokens']:,} tokens of training, "
            f"as the {found['measured_on']} candidates of this ledger took"
        )
    else:
        console.print("no candidate was trained here yet, so nothing is known of the time; the demo trains a few")


def show_improvement(summary: dict[str, Any], console: Console | None = None) -> None:
    """Each round's verdict, what every arm came to in the last one, and what was spent."""
    console = console or screen()
    for number, word in enumerate(summary["words"], 1):
        console.print(f"round {number}: {word}", markup=False, soft_wrap=True)
    if summary["gains"]:
        rows = []
        for arm, gain in summary["gains"].items():
            found = summary["differences"].get(arm)
            against = f"{found['mean']:+.3f} ({found['low']:+.3f} to {found['high']:+.3f})" if found else ""
            rows.append((arm, f"{gain:.3f}", against, ARMS[arm]))
        console.print(table(("arm", "held-out gain", "against current (95% interval)", ""), rows))
    hours = summary["seconds"] / 3600
    console.print(
        f"{summary['promoted']} of {summary['rounds']} rounds promoted a policy; {summary['candidates']} candidates, "
        f"{summary['tokens']:,} tokens, {hours:.2f} hours; stopped: {summary['stopped']}",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    if summary.get("report"):
        console.print(f"the rounds, with plots: {summary['report']}", markup=False, soft_wrap=True)
