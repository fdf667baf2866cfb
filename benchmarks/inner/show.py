"""The benchmark's table and picture."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from agent.errors import MissingExtra
from benchmarks.inner.cost import PHASES

PIPE_WIDTH = 120


def show(found: dict[str, Any]) -> None:
    """The table, and what follows from it in words."""
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    console.print(table(found))
    ratios = {"PEFT one by one": found["ratio_vs_warm_peft"], "SEAL as shipped": found["ratio_vs_seal_as_shipped"]}
    for other, ratio in ratios.items():
        if ratio is not None:
            console.print(f"{found['candidates']} candidates at once: {ratio:.1f} times {other}")
    if found["parity"]:
        same = found["parity"]
        console.print(
            f"with PEFT's seeds and order: {same['answers_equal']} of {same['answers']} answers are the same, "
            f"log-probabilities differ by {same['logprob_median_difference']} nats a token in the median"
        )


def table(found: dict[str, Any]) -> Table:
    """A method a row, with a candidate's seconds by phase; whole in 80 columns."""
    made = Table(
        title=f"{found['model']}, {found['dtype']}, {found['device']}: medians of {found['repeats']} rounds, "
        "seconds are a candidate's",
        box=SIMPLE_HEAD, padding=(0, 1, 1, 0), collapse_padding=True, pad_edge=False, show_edge=False,
    )  # fmt: skip
    for name in ("method", "an hour", *(f"{phase}\ns" for phase in PHASES), "tokens\na second", "of\npeak", "GiB"):
        made.add_column(name, justify="left" if name == "method" else "right", no_wrap=name != "method")
    for name, row in found["methods"].items():
        low, high = row["spread"]
        timed = "" if row["steps_timed"] == 1 else f" ({row['steps_timed']:.1%} timed)"
        made.add_row(
            name + timed, f"{_short(row['candidates_per_hour'])}\n({_short(low)} to {_short(high)})",
            *(_short(row["seconds"][phase]) for phase in PHASES), _short(row["tokens_per_second"]),
            f"{row['matmul_share']:.1%}", f"{row['peak_memory_gib']:.1f}",
        )  # fmt: skip
    return made


def _short(value: float) -> str:
    """Three digits, or all of a large number's."""
    return f"{value:,.0f}" if value >= 100 else f"{value:#.3g}"


def plot(found: dict[str, Any], path: Path) -> None:
    """Candidates an hour of every method, on a logarithmic axis.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
    except ModuleNotFoundError as error:
        raise MissingExtra("--plot", "bench") from error
    mpl.use("svg" if path.suffix == ".svg" else "agg")
    from matplotlib import pyplot

    rows = sorted(found["methods"].items(), key=lambda item: item[1]["candidates_per_hour"])
    values = [row["candidates_per_hour"] for _, row in rows]
    spread = [[v - r["spread"][0] for v, (_, r) in zip(values, rows, strict=True)],
              [r["spread"][1] - v for v, (_, r) in zip(values, rows, strict=True)]]  # fmt: skip
    figure, axes = pyplot.subplots(figsize=(8, 0.5 * len(rows) + 1.5), layout="constrained")
    bars = axes.barh([name for name, _ in rows], values, xerr=spread, log=True)
    axes.bar_label(bars, [f"{value:.3g}" for value in values], padding=4)
    axes.set_xlabel("candidates an hour, trained, asked, scored and saved (logarithmic)")
    axes.set_title(f"{found['model']}, {found['dtype']}, {found['device']}, K = {found['candidates']}")
    axes.margins(x=0.15)
    figure.savefig(path)
