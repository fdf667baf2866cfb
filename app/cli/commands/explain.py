"""`seal explain`: why an answer is what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import ConfigError
from agent.records import Adapter
from app.cli.commands.ask import why_base
from app.cli.session import command, emit, opened

if TYPE_CHECKING:
    from graphs.ask.explain import Explanation, Line
    from graphs.runtime import Runtime


def run(
    question: str, plot: Path | None, home: Path | None, file: Path | None, overrides: Sequence[str], as_json: bool
) -> None:
    """Raises ConfigError where the question is empty or the plot cannot be written, and what `explain` raises."""
    from app.show.explain_report import show, show_base
    from graphs.ask.graph import answer_graph

    if not question.strip():
        raise ConfigError("the question is empty", command('explain "Who runs the new ferry?"'))
    _check(plot)
    runtime = opened(home, file, overrides)
    state = answer_graph(runtime).compile().invoke({"question": question, "base_only": False})
    told: dict[str, Any] = {
        "question": question,
        "answer": state["answer"],
        "adapter": state["adapter"] or None,
        "document": state["title"] or None,
        "base_answer": state["base_answer"],
        "model": runtime.config.model.name,
        "considered": state["considered"],
    }
    if not state["adapter"]:
        why = f"{why_base(runtime, state)}; no adapter had part in it, so there is nothing to explain"
        emit(told | {"why": why, "strategies": [], "modules": [], "lines": [], "plot": None}) if as_json else show_base(
            told, why
        )
        return
    found = _explained(runtime, state)
    told |= {
        "strategies": _strategies(runtime, found.adapter),
        "modules": [asdict(change) | {"relative": change.relative} for change in found.changes],
        "lines": [_line(line) for line in found.lines],
        "plot": str(plot) if plot else None,
    }
    if plot:
        from app.show.explain_plot import draw

        draw(told, plot)
    if as_json:
        emit(told)
    else:
        show(told)


def _check(plot: Path | None) -> None:
    """Before anything is computed."""
    if plot and (plot.suffix.lower() != ".png" or plot.is_dir()):
        raise ConfigError(f"--plot {plot} is no PNG file", "name a file that ends in .png")
    if plot and not plot.absolute().parent.is_dir():
        raise ConfigError(f"--plot {plot}: there is no folder {plot.absolute().parent}", "make it, or name another one")


def _explained(runtime: Runtime, state: dict[str, Any]) -> Explanation:
    """With a bar on stderr while the gradients are taken."""
    import sys

    from rich.console import Console

    from app.show.progress import bar
    from graphs.ask.explain import explain

    with bar(Console(file=sys.stderr, highlight=False)) as shown:
        task = shown.add_task("gradients of the training lines", total=None)
        return explain(runtime, state, lambda done, total: shown.update(task, completed=done, total=total))


def _strategies(runtime: Runtime, adapter: Adapter) -> list[str]:
    """Those of the candidates that the adapter is made of, best one first."""
    from graphs.library.champion import members

    ledger = runtime.ledger
    return [member.strategy for member in members(ledger, ledger.candidate(adapter.candidate))]


def _line(line: Line) -> dict[str, Any]:
    return {
        "prompt": line.example.prompt,
        "completion": line.example.completion,
        "strategies": list(line.strategies),
        "cosine": line.influence.cosine,
        "dot": line.influence.dot,
        "states_answer": line.states_answer,
    }
