"""`seal ask`: one question, closed book, through the routed adapter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from agent.errors import ConfigError
from app.session import emit, opened


def run(
    question: str, base: bool, show_adapters: bool, home: Path | None, file: Path | None, overrides: Sequence[str],
    as_json: bool,
) -> None:  # fmt: skip
    from graphs.answer import answer_graph

    if not question.strip():
        raise ConfigError("the question is empty", 'seal ask "Who runs the new ferry?"')
    runtime = opened(home, file, overrides)
    state: dict[str, Any] = answer_graph(runtime).compile().invoke({"question": question, "base_only": base})
    considered = state.get("considered", [])
    result = {
        "question": question,
        "answer": state["answer"],
        "adapter": state.get("adapter") or None,
        "document": _title(runtime.ledger.current(runtime.config.model.name), state.get("adapter", "")),
        "distance": considered[0]["distance"] if considered and state.get("adapter") else None,
        "base_answer": state["base_answer"],
        "model": runtime.config.model.name,
    }
    if show_adapters:
        result["considered"] = considered
    if as_json:
        emit(result)
        return
    typer.echo(result["answer"])
    _explain(result, considered, base)


def _title(current: Sequence[Any], adapter: str) -> str | None:
    return next((a.title for a in current if a.id == adapter), None)


def _explain(result: dict[str, Any], considered: list[dict[str, Any]], base: bool) -> None:
    if result["adapter"]:
        typer.secho(
            f"adapter {result['adapter']}, learned from {result['document']!r} (distance {result['distance']:.2f}); "
            f"the base says: {result['base_answer']}",
            err=True, dim=True,
        )  # fmt: skip
    else:
        typer.secho(f"answered by the base model: {_why_base(considered, base)}", err=True, dim=True)
    for item in result.get("considered", []):
        typer.secho(f"  {item['distance']:.2f}  {item['adapter']}  {item['title']}", err=True, dim=True)


def _why_base(considered: list[dict[str, Any]], asked_for: bool) -> str:
    if asked_for:
        return "--base asks for it"
    if not considered:
        return "nothing is published yet; start with: seal ingest SOURCE"
    nearest = f"{considered[0]['title']!r}, distance {considered[0]['distance']:.2f}"
    return f"no document that was learned is near this question (nearest: {nearest})"
