"""A run that begins in the graph itself, and documents too short for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphs.ingest.graph import ingest_graph
from graphs.ingest.nodes import IngestState
from tests.fakes.house import FakeContext, write_articles
from tests.graphs.ingesting import came


def test_the_graph_begins_a_run_that_nobody_wrote_down(tmp_path: Path) -> None:
    """As in `langgraph dev`, where the graph is all there is."""
    source = str(write_articles(tmp_path / "articles.jsonl"))
    context = FakeContext(tmp_path / "home")
    state: IngestState = {"run": "fresh", "sources": [source]}
    ingest_graph().compile().invoke(state, {"recursion_limit": 100}, context=context)
    (run,) = context.ledger.runs()
    assert (run.id, run.kind, run.sources) == ("fresh", "ingest", (source,))
    assert run.config == context.config.recorded()
    assert set(came(context, "fresh")) == {"published"}


@pytest.mark.parametrize("text", ["Hm", "Já é só", "好的"])
def test_a_short_text_is_short_in_any_script(tmp_path: Path, text: str) -> None:
    source = str(write_articles(tmp_path / "one.jsonl", [{"title": "Hm", "text": text, "questions": []}]))
    context = FakeContext(tmp_path / "home")
    ingest_graph().compile().invoke({"run": "r1", "sources": [source]}, context=context)
    assert came(context) == ["too short to learn from"]
