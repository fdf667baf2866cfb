"""After a change of the base model a feed is learned anew, and what the other base has stays apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphs.library.unfinished import cut_off
from tests.fakes.house import FakeContext, write_articles
from tests.graphs.ingesting import NeverTrains, came, ingest

OTHER = {"model.name": "other-base"}


def start(context: FakeContext, source: Path, run: str) -> FakeContext:
    ingest(context, source, run=run, config=context.config.recorded())
    return context


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "articles.jsonl")


def test_another_base_learns_the_feed_anew_and_only_once(tmp_path: Path, source: Path) -> None:
    home = tmp_path / "home"
    start(FakeContext(home), source, "r1")
    second = start(FakeContext(home, OTHER), source, "r2")
    assert set(came(second, "r2")) == {"published"}
    for number, settings in enumerate((OTHER, None), start=3):
        again = start(FakeContext(home, settings), source, f"r{number}")
        assert again.fake_trainer.trained == []
        assert again.ledger.outcomes(f"r{number}") == {}
    ledger = second.ledger
    for base in ("packaged", "other-base"):
        assert len(ledger.current(base)) == 2
        assert {str(ledger.outcome(d.id, base)) for d in ledger.documents()} == {"published"}


def test_winners_of_another_base_are_kept_apart(tmp_path: Path, source: Path) -> None:
    home = tmp_path / "home"
    start(FakeContext(home), source, "r1")
    second = start(FakeContext(home, OTHER), source, "r2")
    recalls = [e.data["recalled"] for e in second.ledger.events("r2") if e.step == "recall"]
    assert [len(found) for found in recalls] == [0, 1], "the first document finds nothing, though r1 had won with both"
    rows = [json.loads(line) for line in second.config.dataset_path.read_text().splitlines()]
    assert [row["base"] for row in rows] == ["packaged"] * 2 + ["other-base"] * 2


def test_a_run_that_was_cut_off_with_another_base_holds_nothing_back(tmp_path: Path, source: Path) -> None:
    home = tmp_path / "home"
    first = FakeContext(home, trainer=lambda _: NeverTrains(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        start(first, source, "r1")
    assert cut_off(first.ledger, [str(source)], "packaged", "ingest") == "r1"
    assert cut_off(first.ledger, [str(source)], "other-base", "ingest") is None
    second = start(FakeContext(home, OTHER), source, "r2")
    assert set(came(second, "r2")) == {"published"}
