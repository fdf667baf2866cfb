"""The graphs as `langgraph dev` opens them (see langgraph.json), with the configuration of the home folder."""

from __future__ import annotations

from typing import Any

from langgraph.graph.state import CompiledStateGraph

from agent.config import load_config
from graphs.ask.graph import answer_graph
from graphs.improve.graph import improve_graph
from graphs.ingest.graph import ingest_graph
from graphs.runtime import Runtime

Compiled = CompiledStateGraph[Any, Any, Any, Any]


def ingest() -> Compiled:
    """Takes {"run": NAME, "sources": [LOCATION, ...]}; a run that is not in the ledger yet is begun."""
    return ingest_graph(Runtime(load_config())).compile(name="ingest")


def answer() -> Compiled:
    """Takes {"question": TEXT}."""
    return answer_graph(Runtime(load_config())).compile(name="answer")


def improve() -> Compiled:
    """Takes {"improve": NAME, "sources": [LOCATION, ...]}; a run that is not in the ledger yet is begun."""
    return improve_graph(Runtime(load_config())).compile(name="improve")


def mermaid(graph: Compiled | None = None) -> str:
    """The drawn graph with those inside it: ingest as the README shows it, or another one."""
    drawn = str((graph or ingest()).get_graph(xray=1).draw_mermaid())
    return drawn.split("---\n")[-1].replace("\\3a", "_").strip() + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(mermaid(improve() if sys.argv[1:] == ["improve"] else None))
