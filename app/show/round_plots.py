"""What rounds came to, as numbers by name for the trackers, and as plots for the pages, which are drawn as SVG."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from agent.ports import Ledger
from agent.records import Arm, Round, Texts, Used
from graphs.methods.practice import heldout_run, practice_run

if TYPE_CHECKING:
    from matplotlib.axes import Axes


Z95 = 1.96


def half_width(gains: Sequence[float]) -> float:
    """Of the 95% interval of their mean, by the normal distribution. Takes two or more."""
    return float(Z95 * stdev(gains) / len(gains) ** 0.5)


def used_in(ledger: Ledger, round: Round) -> Used:
    """What a round took of accelerators and endpoints, practice and test together."""
    return ledger.used([practice_run(round.run, round.number), heldout_run(round.run, round.number)])


def figures(ledger: Ledger, round: Round) -> dict[str, float]:
    """Every figure of a round, by names with slashes. What could not be measured is left out."""
    used = used_in(ledger, round)
    found: dict[str, float] = {
        "practice/candidates": round.practised.candidates,
        "practice/tokens": round.practised.tokens,
        "spent/seconds": round.seconds,
        "spent/gpu_hours": used.gpu_seconds / 3600,
        "spent/money": used.money,
        "spent/prompt_tokens": used.prompt_tokens,
        "spent/completion_tokens": used.completion_tokens,
    }
    if round.practised.rewards:
        found["practice/reward"] = fmean(round.practised.rewards)
    for result in round.results:
        if gains := [trial.gain for trial in result.trials]:
            mean = found[f"heldout/{result.arm}/gain"] = fmean(gains)
            if len(gains) > 1:
                half = half_width(gains)
                found |= {f"heldout/{result.arm}/low": mean - half, f"heldout/{result.arm}/high": mean + half}
    for arm, texts in round.texts.items():
        found |= {f"texts/{arm}/{name}": float(value) for name, value in texts.model_dump(exclude_none=True).items()}
    told = {f"difference/{arm}": difference.model_dump() for arm, difference in round.differences.items()}
    if round.practised.noise:
        told["noise"] = round.practised.noise.model_dump()
    if round.calibration:
        told["calibration"] = round.calibration.model_dump()
    return found | {f"{group}/{key}": float(value) for group, it in told.items() for key, value in it.items()}


Plot = Callable[[Sequence[Round], Path], None]


@contextmanager
def _figure(path: Path, title: str) -> Iterator[Axes]:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    axes.set_title(title)
    axes.spines[["top", "right"]].set_visible(False)
    yield axes
    figure.savefig(path, format="svg", metadata={"Date": None})


def _name_axes(axes: Axes, rounds: Sequence[Round], **legend: int) -> None:
    """Rounds from left to right, and a legend beside the plot."""
    axes.set_xlabel("round")
    axes.set_xticks([round.number for round in rounds])
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5), **legend)


def heldout(rounds: Sequence[Round], path: Path) -> None:
    """The mean gain of every arm, round by round, with its 95% interval."""
    told: dict[Arm, list[tuple[int, float, float]]] = defaultdict(list)
    for round in rounds:
        for result in round.results:
            gains = [t.gain for t in result.trials]
            if len(gains) > 1:
                told[result.arm].append((round.number, fmean(gains), half_width(gains)))
    with _figure(path, "Gain on held-out documents (95% interval of each mean)") as axes:
        for shift, (arm, points) in enumerate(told.items()):
            numbers, means, halves = zip(*points, strict=True)
            axes.errorbar([n + 0.06 * (shift - 1.5) for n in numbers], means, halves, marker="o", capsize=3, label=arm)
        axes.set_ylabel("gain over the base")
        axes.axhline(0, color="grey", linewidth=0.6)
        _name_axes(axes, rounds)


def actions(rounds: Sequence[Round], path: Path) -> None:
    """How often practice chose what, round by round."""
    import matplotlib as mpl

    names, colours = sorted({name for round in rounds for name in round.practised.actions}), mpl.colormaps["tab20"]
    with _figure(path, "What practice tried (share of self-edits)") as axes:
        below = [0.0] * len(rounds)
        for place, name in enumerate(names):
            shares = [r.practised.actions.get(name, 0) / max(1, sum(r.practised.actions.values())) for r in rounds]
            axes.bar([r.number for r in rounds], shares, bottom=below, label=name, width=0.6, color=colours(place % 20))
            below = [b + s for b, s in zip(below, shares, strict=True)]
        _name_axes(axes, rounds, ncols=2, fontsize=8)


def predicted(rounds: Sequence[Round], path: Path) -> None:
    """What the acting policy expected of each self-edit before it was trained, and what was measured."""
    it = rounds[-1].practised
    with _figure(path, f"Rewards of round {rounds[-1].number}: expected before, measured after") as axes:
        axes.scatter(it.predicted, it.rewards, s=18, alpha=0.6)
        axes.set_xlabel("expected (relative to the document's mean)")
        axes.set_ylabel("measured reward")


def rewards(rounds: Sequence[Round], path: Path) -> None:
    """The rewards of practice, round by round."""
    some = [round for round in rounds if round.practised.rewards]
    with _figure(path, "Rewards of practice") as axes:
        if some:
            axes.boxplot([r.practised.rewards for r in some], positions=[r.number for r in some], widths=0.5)
        axes.set_xlabel("round")
        axes.set_ylabel("reward")


def distinct(rounds: Sequence[Round], path: Path) -> None:
    """How varied the texts of each arm's writer were, round by round."""
    _by_arm(rounds, path, "Distinct word pairs of what was written", lambda texts: texts.distinct)


def entropy(rounds: Sequence[Round], path: Path) -> None:
    """How unsure each arm's writer was of its next token, round by round."""
    _by_arm(rounds, path, "Entropy of what was written (nats per token)", lambda texts: texts.entropy)


def _by_arm(rounds: Sequence[Round], path: Path, title: str, value: Callable[[Texts], float | None]) -> None:
    told: dict[Arm, list[tuple[int, float]]] = defaultdict(list)
    for round in rounds:
        for arm, texts in round.texts.items():
            if (found := value(texts)) is not None:
                told[arm].append((round.number, found))
    with _figure(path, title) as axes:
        for arm, points in told.items():
            axes.plot(*zip(*points, strict=True), marker="o", label=arm)
        axes.set_ylim(bottom=0)
        _name_axes(axes, rounds)


def plots_of(round: Round) -> dict[str, Plot]:
    """Those of a round's page, by name: what there is something to draw of."""
    plots = dict(PLOTS)
    if round.practised.predicted:
        plots["predicted"] = predicted
    if round.texts:
        plots |= {"distinct": distinct, "entropy": entropy}
    return plots


PLOTS: dict[str, Plot] = {"heldout": heldout, "rewards": rewards, "actions": actions}
