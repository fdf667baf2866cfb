"""What a person reads of an explanation: the adapter, the lines that moved the answer, a map of what was changed; and
all of it as one picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from agent.ports import OUTSIDE
from agent.text.normal import one_line
from app.show.tables import screen, table
from graphs.views.answers import Answer, Explanation, ModuleChange, TrainingLine

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES, MODULES = 8, 6
"""Shown of each; --json has all."""
SHADES = " ░▒▓█"
"""Where there are no colours."""
COLOURS = (17, 54, 90, 126, 162, 203, 209, 221, 230)
"""Of the terminal's 256, from dark to light."""
Cells = dict[tuple[str, int], float]


def show_base(answer: Answer, why: str) -> None:
    console = screen()
    console.print(f"[bold]{escape(answer.answer)}[/bold]")
    console.print(f"answered by the base model: {escape(why)}")
    _considered(answer, console)


def show(answer: Answer, found: Explanation, plot: Path | None) -> None:
    console = screen()
    console.print(f"[bold]{escape(answer.answer)}[/bold]")
    strategies = found.strategies
    made = f"the mean of {' + '.join(strategies)}" if len(strategies) > 1 else f"trained on {strategies[0]}"
    console.print(
        f"by adapter {answer.adapter}, {made}, learned from {escape(repr(answer.document))} "
        f"(distance {answer.distance:.2f}); the base says: {escape(answer.base_answer)}"
    )
    _considered(answer, console)
    _lines(found, answer.document or "", console)
    _modules(found, console)
    if plot:
        console.print(f"Drawn in {escape(str(plot))}", soft_wrap=True)


def _considered(answer: Answer, console: Console) -> None:
    for item in answer.considered:
        console.print(f"  [dim]{item.distance:.2f}  {item.adapter}  {escape(item.title)}[/dim]")


def _lines(found: Explanation, title: str, console: Console) -> None:
    lines = found.lines
    if not lines:
        console.print("\nThe answer is empty: no training line moved it.")
        return
    stating = sum(line.states_answer for line in lines)
    console.print(
        f"\n[bold]Training lines that moved this answer most[/bold]  "
        f"{min(LINES, len(lines))} of {len(lines)}, by cosine of gradients; ✓ the line states the answer "
        f"({stating} of all)"
    )
    rows = [
        (f"{line.cosine:+.2f}", f"{line.dot:+.1e}", "[green]✓[/green]" if line.states_answer else "",
         " ".join(line.strategies), escape(shown(line, title)))
        for line in lines[:LINES]
    ]  # fmt: skip
    console.print(table(("cosine", "dot", "✓", "written by", "line"), rows))


def shown(line: TrainingLine, title: str) -> str:
    """A line's text in one line, without the topic that all questions begin with."""
    return one_line(line.text.removeprefix(f"Topic: {title}\n"))


def _modules(found: Explanation, console: Console) -> None:
    changes = found.modules
    console.print(
        f"[bold]Weights that this adapter changed most[/bold]  "
        f"{min(MODULES, len(changes))} of {len(changes)}, by the norm of the change over that of the weight"
    )
    rows = [(it.module, f"{100 * it.relative:.1f}%", f"{it.norm:.2f}", f"{it.base:.1f}")
            for it in changes[:MODULES]]  # fmt: skip
    console.print(table(("module", "change", "norm", "weight's norm"), rows))
    _map(changes, console)


def _map(changes: Sequence[ModuleChange], console: Console) -> None:
    kinds, layers, cells = grid(changes)
    if not layers:
        return
    low, high = min(cells.values()), max(cells.values())
    least, most = ("dark", "light") if console.color_system else ("blank", "full")
    console.print(
        f"Layers {layers[0]} to {layers[-1]} from left to right, from {100 * low:.1f}% ({least}) to "
        f"{100 * high:.1f}% ({most})"
    )
    names = max(map(len, kinds))
    for kind in kinds:
        console.print(_row(kind, names, [cells.get((kind, layer)) for layer in layers], low, high, console))


def grid(changes: Sequence[ModuleChange]) -> tuple[list[str], list[int], Cells]:
    """Module kinds by name, layers, and the relative change of each, without modules in no layer."""
    inside = [it for it in changes if it.layer != OUTSIDE]
    kinds, layers = sorted({it.kind for it in inside}), sorted({it.layer for it in inside})
    return kinds, layers, {(it.kind, it.layer): it.relative for it in inside}


def _row(kind: str, names: int, values: Sequence[float | None], low: float, high: float, console: Console) -> Text:
    """A line of the map, of two columns a layer where there is room for it."""
    wide = 2 if names + 2 + 2 * len(values) <= console.width else 1
    row = Text(f"{kind:{names}}  ")
    for value in values:
        share = 0.0 if value is None or high == low else (value - low) / (high - low)
        if value is None:
            row.append("·" * wide)
        elif console.color_system:
            row.append(" " * wide, f"on color({COLOURS[round(share * (len(COLOURS) - 1))]})")
        else:
            row.append(SHADES[round(share * (len(SHADES) - 1))] * wide)
    return row


BARS, LETTERS = 12, 76
"""Lines that are drawn, and how much of each is written beside its bar."""


def draw(answer: Answer, found: Explanation, path: Path) -> None:
    """Write the picture as a PNG.

    Raises:
        OSError: the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 8), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(_short(f"{answer.question}  {answer.answer}", 110), parse_math=False)
    above, below = figure.subplots(2, 1, height_ratios=(2, 3))
    _draw_map(above, figure, answer, found)
    _draw_bars(below, found, answer.document or "")
    figure.savefig(path, format="png", dpi=110)


def _draw_map(axes: Axes, figure: Figure, answer: Answer, found: Explanation) -> None:
    """Layers from left to right, module kinds from top to bottom."""
    kinds, layers, cells = grid(found.modules)
    axes.set_title(_short(f"What adapter {answer.adapter} changed ({answer.document})", 100), parse_math=False)
    axes.set_xlabel("decoder layer")
    values = [[100 * cells.get((kind, layer), math.nan) for layer in layers] for kind in kinds]
    if values:
        drawn = axes.imshow(values, aspect="auto", cmap="magma")
        axes.set_yticks(range(len(kinds)), kinds)
        step = math.ceil(len(layers) / 30)
        axes.set_xticks(range(0, len(layers), step), [str(layer) for layer in layers[::step]])
        figure.colorbar(drawn, ax=axes, label="norm of the change (% of the weight's)")


def _draw_bars(axes: Axes, found: Explanation, title: str) -> None:
    """The first lines, what moved most at the top. Those that state the answer have another colour."""
    lines = found.lines[:BARS]
    axes.set_title("Training lines that moved this answer most (coloured: the line states the answer)")
    axes.spines[["top", "right"]].set_visible(False)
    colours = ["tab:green" if line.states_answer else "lightgrey" for line in lines]
    axes.barh(range(len(lines)), [line.cosine for line in lines], color=colours)
    axes.set_yticks(range(len(lines)), [_short(shown(line, title), LETTERS) for line in lines], fontsize=8)
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    axes.invert_yaxis()
    axes.axvline(0, color="grey", linewidth=0.6)
    axes.set_xlabel("cosine of the line's gradient with the answer's")


def _short(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: letters - 1]}…"
