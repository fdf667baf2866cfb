"""The graphs as a server opens them that can hand in nothing but JSON: their context is there all the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import var_child_runnable_config
from langgraph._internal._constants import CONFIG_KEY_RUNTIME
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.runtime import Runtime

from graphs import studio
from graphs.ask.graph import answer_graph
from graphs.context import Context
from graphs.improve.graph import improve_graph
from graphs.ingest.graph import ingest_graph
from graphs.runs.flows import INGEST
from graphs.runs.life import begin
from tests.fakes.house import FakeContext, write_articles
from tests.graphs.ingesting import came

ROOT = Path(__file__).parents[2]
KESTREL = {"question": "Who commanded the Kestrel?"}
THREAD: RunnableConfig = {"configurable": {"thread_id": "t"}}


@pytest.fixture
def learned(tmp_path: Path) -> FakeContext:
    context = FakeContext(tmp_path / "home", {"ask.max_distance": "0.9"})
    begin(INGEST, context, [str(write_articles(tmp_path / "articles.jsonl"))], "ingest").run()
    return context


@pytest.mark.parametrize("handed", [{}, {"context": None}, {"context": {}}, {"context": {"a word": "of another"}}])
def test_whatever_is_handed_in_the_graph_has_its_context(handed: dict[str, Any], learned: FakeContext) -> None:
    """`langgraph dev` hands in {} where nobody said anything."""
    graph = studio.opened("answer", answer_graph(), learned)
    assert graph.invoke(KESTREL, THREAD, **handed)["answer"] == "Ilse Brandt"


def test_the_server_s_own_runtime_and_checkpoints_do_not_hide_it(learned: FakeContext) -> None:
    """It makes the graph with a runtime of its own around it, and copies it to give it its checkpoints."""
    graph = studio.opened("answer", answer_graph(), learned).copy({"checkpointer": InMemorySaver()})
    around = var_child_runnable_config.set({"configurable": {CONFIG_KEY_RUNTIME: Runtime()}})
    try:
        assert graph.invoke(KESTREL, THREAD, context={})["answer"] == "Ilse Brandt"
    finally:
        var_child_runnable_config.reset(around)
    assert graph.get_state(THREAD).values["answer"] == "Ilse Brandt"


def test_graphs_inside_the_graph_have_it_too(tmp_path: Path) -> None:
    context = FakeContext(tmp_path / "home")
    source = str(write_articles(tmp_path / "articles.jsonl"))
    graph = studio.opened("ingest", ingest_graph(), context)
    graph.invoke({"run": "fresh", "sources": [source]}, {"recursion_limit": 100}, context={})
    assert came(context, "fresh") == ["published"] * 2


def test_nobody_is_asked_for_a_context(learned: FakeContext) -> None:
    schema = studio.opened("answer", answer_graph(), learned).get_context_jsonschema()
    assert schema is not None
    assert not schema.get("properties")
    assert not schema.get("required")


OPENED: dict[str, Callable[[], studio.Compiled]] = {
    "answer": studio.answer, "ingest": studio.ingest, "improve": studio.improve,
}  # fmt: skip


def test_the_file_for_langgraph_dev_names_all_of_them() -> None:
    named = json.loads((ROOT / "langgraph.json").read_text(encoding="utf-8"))["graphs"]
    assert named == {name: f"./graphs/studio.py:{graph.__name__}" for name, graph in OPENED.items()}


@pytest.mark.parametrize("name", OPENED)
def test_opened_it_has_the_context_of_the_home_folder_and_makes_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    graph = OPENED[name]()
    assert graph.name == name
    assert graph.config is not None
    context: Context = graph.config["configurable"][CONFIG_KEY_RUNTIME].context
    assert context.config.home.is_relative_to(tmp_path)
    assert not context.begun
    assert list(tmp_path.iterdir()) == []


def test_with_an_empty_home_the_base_answers(tmp_path: Path) -> None:
    context = FakeContext(tmp_path / "home")
    state = studio.opened("answer", answer_graph(), context).invoke(KESTREL, context={})
    assert (state["adapter"], state["answer"]) == ("", "no idea")


def test_an_outer_loop_begins_from_its_name_and_sources_alone(tmp_path: Path) -> None:
    """And says as any other why it cannot go on: two documents are too few."""
    context = FakeContext(tmp_path / "home", {"improve.free_gib": "0"})
    graph = studio.opened("improve", improve_graph(), context)
    source = str(write_articles(tmp_path / "articles.jsonl"))
    with pytest.raises(Exception, match="too few"):
        graph.invoke({"improve": "fresh", "sources": [source]}, context={})
    assert context.ledger.run("fresh").kind == "improve"


@pytest.mark.parametrize(
    ("graph", "asked"),
    [(ingest_graph, {"run", "sources"}), (answer_graph, {"question"}), (improve_graph, {"improve", "sources"})],
)
def test_a_server_can_show_a_form_for_what_goes_in(graph: Callable[[], Any], asked: set[str], tmp_path: Path) -> None:
    """On Python 3.11 pydantic makes no schema of typing.TypedDict, and `langgraph dev` shows none then."""
    opened = studio.opened("graph", graph(), FakeContext(tmp_path / "home"))
    assert asked <= set(opened.get_input_jsonschema()["properties"])
