"""Published adapters that are not where the ledger says, or cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from langgraph.runtime import Runtime

from agent.records import BASE
from graphs.ask.asking import ask
from graphs.ingest import nodes
from tests.fakes.engine import UNKNOWN
from tests.fakes.house import FakeContext, write_articles
from tests.graphs.ingesting import ingest


@pytest.fixture
def learned(tmp_path: Path) -> FakeContext:
    context = FakeContext(tmp_path / "home", {"ask.max_distance": "0.9"})
    ingest(context, write_articles(tmp_path / "articles.jsonl"))
    return context


def test_a_home_that_was_moved_answers_as_before(learned: FakeContext, tmp_path: Path) -> None:
    """The ledger holds the paths of the home as it was."""
    learned.config.home.rename(tmp_path / "moved")
    moved = FakeContext(tmp_path / "moved", {"ask.max_distance": "0.9"})
    assert ask(moved, "Who commanded the Kestrel?").answer == "Ilse Brandt"


def test_an_adapter_of_another_home_on_this_machine_is_found(learned: FakeContext, tmp_path: Path) -> None:
    """Homes that share a ledger: the library of the other one is where the ledger says."""
    shared = {"ledger.url": learned.config.ledger_url, "ask.max_distance": "0.9"}
    other = FakeContext(tmp_path / "other", shared)
    assert ask(other, "Who commanded the Kestrel?").answer == "Ilse Brandt"


def test_an_adapter_that_cannot_be_read_leaves_its_questions_to_the_base(learned: FakeContext) -> None:
    kestrel = next(a for a in learned.ledger.current() if a.title.startswith("Kestrel"))
    (learned.config.adapters_dir / kestrel.id / "adapter_model.safetensors").write_text("[")
    with learned.ledger.transaction():
        learned.ledger.start_run("r2", "ingest", {}, [])
        for document in learned.ledger.documents("r1"):
            learned.ledger.add_document(document, "r2")
            learned.ledger.add_scores("r2", learned.ledger.scores("r1", BASE, document.id))
    before = [a for d in learned.ledger.documents("r1") for a in learned.ledger.routed_answers("r1", d.id)]
    assert nodes.examine({"run": "r2"}, Runtime(context=learned)) == {}
    answers = {a.probe: a for d in learned.ledger.documents("r2") for a in learned.ledger.routed_answers("r2", d.id)}
    for was in before:
        now = answers[was.probe]
        assert now == (was if was.adapter != kestrel.id else now)
        if was.adapter == kestrel.id:
            assert (now.adapter, now.routed_to, now.answer) == ("", "base", UNKNOWN)
    event = learned.ledger.events("r2")[-1]
    assert (event.step, event.status) == ("examine", "ok")
    assert kestrel.id in event.message
    assert len(event.data["unreadable"]) == 1
