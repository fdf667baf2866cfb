"""What a person reads before and after `seal improve`."""

from __future__ import annotations

from rich.console import Console

from agent.records import Used
from app.show.tables import screen, table
from graphs.views.improvement import Estimate, Improvement

ARMS = {
    "current": "the policy that acted in the last round",
    "learned": "what it taught",
    "random": "control: learned from rewards dealt out at random",
    "untrained": "control: has learned nothing",
    "usual": "what plans where there is no policy",
}


def spending(used: Used) -> list[str]:
    """What was used of accelerators and endpoints, a line each where there is anything."""
    lines = [f"{used.gpu_seconds / 3600:.2f} GPU-hours"] if used.gpu_seconds else []
    if used.answers:
        silent = f"; for {used.unreported} of them the server counted no tokens" if used.unreported else ""
        lines.append(
            f"{used.answers} answers of endpoints, {used.prompt_tokens:,} prompt and {used.completion_tokens:,} "
            f"completion tokens, {used.money:.4g} in money{silent}"
        )
    return lines


def show_estimate(found: Estimate) -> None:
    console = screen()
    if found.seeds:
        console.print(f"{found.rounds} rounds, at most {found.candidates} candidates")
    else:
        why = "the louder the rewards' noise, the more often each self-edit is trained (improve.seeds)"
        console.print(f"{found.rounds} rounds, about {found.candidates} candidates: {why}")
    if found.measured_on:
        assert found.seconds is not None
        console.print(
            f"about {found.seconds / 3600:.1f} hours and {found.tokens:,} tokens of training, "
            f"as the {found.measured_on} candidates of this ledger took"
        )
        gpu = f"{found.gpu_hours:.2f} GPU-hours and " if found.gpu else ""
        console.print(f"about {gpu}{found.money:.4g} in money to endpoints, likewise")
    else:
        console.print("no candidate was trained here yet, so nothing is known of the time; the demo trains a few")
    if not found.gpu:
        console.print("there is no accelerator to use here: improve.gpu_hours counts nothing on a CPU")


def show_improvement(summary: Improvement, console: Console | None = None) -> None:
    """Each round's verdict, what every arm came to in the last one, and what was spent."""
    console = console or screen()
    for number, word in enumerate(summary.words, 1):
        console.print(f"round {number}: {word}", markup=False, soft_wrap=True)
    if summary.gains:
        rows = []
        for arm, gain in summary.gains.items():
            found = summary.differences.get(arm)
            against = f"{found.mean:+.3f} ({found.low:+.3f} to {found.high:+.3f})" if found else ""
            rows.append((arm, f"{gain:.3f}", against, ARMS[arm]))
        console.print(table(("arm", "held-out gain", "against current (95% interval)", ""), rows))
    hours = summary.seconds / 3600
    used = spending(Used(gpu_seconds=summary.gpu_hours * 3600, **summary.endpoints.model_dump()))
    console.print(
        f"{summary.promoted} of {summary.rounds} rounds promoted a policy; {summary.candidates} candidates, "
        f"{summary.tokens:,} tokens, {'; '.join([f'{hours:.2f} hours', *used])}; stopped: {summary.stopped}",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    if summary.report:
        console.print(f"the rounds, with plots: {summary.report}", markup=False, soft_wrap=True)
