"""The graphs as `langgraph dev` opens them (see langgraph.json), with the configuration of the home folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from langgraph._internal._constants import CONFIG_KEY_RUNTIME
from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from agent.config import load_config
from graphs.ask.graph import answer_graph
from graphs.context import Context
from graphs.improve.graph import improve_graph
from graphs.ingest.graph import ingest_graph
from graphs.wiring import open_context

Compiled = CompiledStateGraph[Any, Any, Any, Any]


@dataclass(init=False)
class Handed:
    """What a server hands in as context: JSON, always some, "{}" where nobody said anything. It is not looked at, and
    counts as nothing, so that the context that the graph was opened with stays."""

    def __init__(self, **ignored: Any) -> None: ...

    def __bool__(self) -> Literal[False]:
        return False


def ingest() -> Compiled:
    """Takes {"run": NAME, "sources": [LOCATION, ...]}; a run that is not in the ledger yet is begun."""
    return opened("ingest", ingest_graph())


def answer() -> Compiled:
    """Takes {"question": TEXT}."""
    return opened("answer", answer_graph())


def improve() -> Compiled:
    """Takes {"improve": NAME, "sources": [LOCATION, ...]}; a run that is not in the ledger yet is begun."""
    return opened("improve", improve_graph())


def opened(name: str, graph: StateGraph[Any, Context, Any, Any], context: Context | None = None) -> Compiled:
    """With a context of its own, by default that of the home folder."""
    compiled: Compiled = graph.compile(name=name)
    compiled.context_schema = Handed
    runtime = Runtime(context=context or open_context(load_config()))
    return compiled.with_config({"configurable": {CONFIG_KEY_RUNTIME: runtime}})


def mermaid(graph: Compiled | None = None) -> str:
    """The drawn graph with those inside it: ingest as the README shows it, or another one."""
    drawn = str((graph or ingest()).get_graph(xray=1).draw_mermaid())
    return drawn.split("---\n")[-1].replace("\\3a", "_").strip() + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(mermaid(improve() if sys.argv[1:] == ["improve"] else None))
