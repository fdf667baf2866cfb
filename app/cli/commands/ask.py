"""`seal ask`: one question, closed book, through the routed adapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from agent.errors import ConfigError
from app.cli.session import command, configured, emit, opened

if TYPE_CHECKING:
    from graphs.runtime import Runtime


def run(
    question: str, base: bool, show_adapters: bool, home: Path | None, file: Path | None, overrides: Sequence[str],
    as_json: bool,
) -> None:  # fmt: skip
    """The base can be asked where nothing is learned yet. Raises StoreError where there is nothing else to ask."""
    from graphs.ask.graph import answer_graph
    from graphs.runtime import Runtime

    if not question.strip():
        raise ConfigError("the question is empty", 'seal ask "Who runs the new ferry?"')
    runtime = Runtime(configured(home, file, overrides)) if base else opened(home, file, overrides)
    state: dict[str, Any] = answer_graph(runtime).compile().invoke({"question": question, "base_only": base})
    considered = state["considered"]
    result = {
        "question": question,
        "answer": state["answer"],
        "adapter": state["adapter"] or None,
        "document": state["title"] if state["adapter"] else None,
        "distance": considered[0]["distance"] if state["adapter"] else None,
        "base_answer": state["base_answer"],
        "model": runtime.config.model.name,
    }
    if show_adapters:
        result["considered"] = considered
    if as_json:
        emit(result)
        return
    typer.echo(result["answer"])
    _tell(result, "" if state["adapter"] else why_base(runtime, state))


def _tell(result: dict[str, Any], why: str) -> None:
    if result["adapter"]:
        typer.secho(
            f"adapter {result['adapter']}, learned from {result['document']!r} (distance {result['distance']:.2f}); "
            f"the base says: {result['base_answer']}",
            err=True, dim=True,
        )  # fmt: skip
    else:
        typer.secho(f"answered by the base model: {why}", err=True, dim=True)
    for item in result.get("considered", []):
        typer.secho(f"  {item['distance']:.2f}  {item['adapter']}  {item['title']}", err=True, dim=True)


def why_base(runtime: Runtime, state: Mapping[str, Any]) -> str:
    if state["base_only"]:
        return "--base asks for it" + (f" (told the title {state['title']!r})" if state["title"] else "")
    if not state["considered"]:
        return _nothing_published(runtime)
    nearest = f"{state['considered'][0]['title']!r}, distance {state['considered'][0]['distance']:.2f}"
    return f"no document that was learned is near this question (nearest: {nearest})"


def _nothing_published(runtime: Runtime) -> str:
    ledger, home = runtime.ledger, runtime.config.home
    ever = [ledger.adapter(version.added) for version in ledger.library() if version.added]
    if any(adapter.base == runtime.config.model.name for adapter in ever):
        return f"all that was published was taken back; learn it again with: {command('ingest SOURCE --again', home)}"
    return f"nothing is published yet; start with: {command('ingest SOURCE', home)}"
