"""Tables and figures as all commands print them."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

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
