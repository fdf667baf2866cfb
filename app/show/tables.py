"""Tables and figures as all commands print them, and what the figures of suites and gate mean."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from agent.records import Figure

PIPE_WIDTH = 120
"""Columns where the output goes to a file or a pipe."""


def screen() -> Console:
    """Standard output: as wide as the terminal, PIPE_WIDTH where there is none, or what COLUMNS says."""
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPE_WIDTH
    return console


def table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table without a frame, in which long cells are wrapped and never cut off. Cells are markup."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in names:
        made.add_column(name, overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def counted(n: int, what: str) -> str:
    """For example "1 adapter" and "2 adapters"."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def percent(value: float | None) -> str:
    return "none" if value is None else f"{100 * value:.0f}%"


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
