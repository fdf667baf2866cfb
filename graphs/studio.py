"""The graphs as `langgraph dev` opens them (see langgraph.json), with the configuration of the home folder."""

from __future__ import annotations

from typing import Any

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


def ingest() -> Compiled:
    """Takes {"run": NAME, "sources": [LOCATION, ...]}; a run that is not in the ledger yet is begun."""
    return _open("ingest", ingest_graph())


def answer() -> Compiled:
    """Takes {"question": TEXT}."""
    return _open("answer", answer_graph())


def improve() -> Compiled:
    """Takes {"improve": NAME, "sources": [LOCATION, ...]}; a run that is not in the ledger yet is begun."""
    return _open("improve", improve_graph())


def _open(name: str, graph: StateGraph[Any, Context, Any, Any]) -> Compiled:
    """With a context of its own, since whoever opens the graph can only hand in JSON."""
    runtime = Runtime(context=open_context(load_config()))
    return graph.compile(name=name).with_config({"configurable": {CONFIG_KEY_RUNTIME: runtime}})


def mermaid(graph: Compiled | None = None) -> str:
    """The drawn graph with those inside it: ingest as the README shows it, or another one."""
    drawn = str((graph or ingest()).get_graph(xray=1).draw_mermaid())
    return drawn.split("---\n")[-1].replace("\\3a", "_").strip() + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(mermaid(improve() if sys.argv[1:] == ["improve"] else None))
