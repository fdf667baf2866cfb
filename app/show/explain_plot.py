"""An explanation as one picture: a map of what the adapter changed, and bars of the lines that moved the answer."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from app.show.explain_report import grid, shown
from graphs.views.answers import Answer, Explanation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
    _map(above, figure, answer, found)
    _bars(below, found, answer.document or "")
    figure.savefig(path, format="png", dpi=110)


def _map(axes: Axes, figure: Figure, answer: Answer, found: Explanation) -> None:
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


def _bars(axes: Axes, found: Explanation, title: str) -> None:
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
