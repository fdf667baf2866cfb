"""Ingest: read the sources, adapt to every new document, one after the other, then ask everything as people do."""

from __future__ import annotations

from typing import Any

from langgraph.graph import END, START, StateGraph

from graphs.adapt.graph import BUSY, adapt_graph, either
from graphs.context import Context
from graphs.ingest import nodes
from graphs.ingest.nodes import IngestState


def ingest_graph() -> StateGraph[IngestState, Context, Any, Any]:
    graph = StateGraph(IngestState, context_schema=Context)
    graph.add_node("read", nodes.read, retry_policy=BUSY)
    graph.add_node("pick", nodes.pick)
    graph.add_node("adapt", adapt_graph().compile())
    graph.add_edge(START, "read")
    graph.add_edge("read", "pick")
    graph.add_conditional_edges("pick", *either("document", "adapt", "examine"))
    graph.add_node("examine", nodes.examine, retry_policy=BUSY)
    graph.add_edge("adapt", "pick")
    graph.add_edge("examine", END)
    return graph
