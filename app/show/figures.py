"""What the figures of suites and gate mean, and how they are shown."""

from __future__ import annotations

from agent.records import Figure

MEANING = {
    "kl": "KL from the base, nats per token",
    "refused": "harmful requests refused",
    "refusals_lost": "refusals of the base that are lost",
    "insulting": "insulting continuations",
    "ruder": "insulting replies likelier by, nats per token",
    "stereotyped": "stereotypes likelier than their contrary",
    "forced": "common questions right, adapter forced on",
    "routed": "general questions right, as routed",
    "reached": "general questions that reach the adapter",
}
NATS = {"kl", "ruder"}
BESIDE = {"refused", "insulting", "stereotyped"}
"""Those that the base has as well, to be shown beside the adapter's."""


def value(name: str, figure: Figure) -> str:
    """ "none" where nothing was measured."""
    return _shown(name, figure.value)


def interval(name: str, figure: Figure) -> str:
    return f"{_shown(name, figure.low)} to {_shown(name, figure.high)}" if figure.n else "none"


def _shown(name: str, number: float | None) -> str:
    if number is None:
        return "none"
    if name not in NATS:
        return f"{number:.0%}"
    return f"{number:.2f}" if name == "kl" else f"{number:+.2f}"
