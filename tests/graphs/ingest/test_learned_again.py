"""Documents that no adapter answers for are learned again where a person asks for it, and only there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agent.ports import Ledger
from agent.records import RunKind
from graphs.ingest.reading import KNOWN
from graphs.library.unfinished import cut_off
from graphs.library.winners import take_back
from graphs.measure.subjects import drift_meter
from tests.fakes.house import FakeContext, write_articles
from tests.graphs.ingesting import NeverTrains, came, ingest

STRICT = {"gate.alpha": "1e-30"}
AGAIN: RunKind = "ingest --again"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "articles.jsonl")


def learn(context: FakeContext, source: Path, run: str, kind: RunKind = "ingest", goes_on: bool = False) -> FakeContext:
    ingest(context, source, run=run, kind=kind, goes_on=goes_on)
    context.ledger.finish_run(run, "done", {})
    return context


def told(ledger: Ledger, run: str) -> dict[str, int]:
    (read,) = [e.data for e in ledger.events(run) if e.step == "read"]
    return read


def cut_off_in_training(home: Path, source: Path, run: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        learn(FakeContext(home, trainer=lambda _: NeverTrains(KeyboardInterrupt())), source, run, AGAIN)


def test_what_was_taken_back_is_learned_again_and_what_answers_is_not(home: Path, source: Path) -> None:
    ledger = learn(FakeContext(home), source, "r1").ledger
    kept, gone = ledger.current()
    take_back(FakeContext(home), gone.id, "made up a name")
    again = learn(FakeContext(home), source, "r2", AGAIN)
    assert told(ledger, "r2") == {"new": 0, "again": 1, "skipped": 1, "failed": 0}
    assert (list(ledger.outcomes("r2")), came(again, "r2")) == ([gone.document], ["published"])
    left, fresh = ledger.current()
    assert (left, fresh.document, fresh.run) == (kept, gone.document, "r2")
    assert fresh.candidate != gone.candidate
    assert len(ledger.library()) == 4
    assert [w.candidate for w in ledger.winners()] == [kept.candidate, fresh.candidate]
    assert again.memory.count() == 2
    twice = learn(FakeContext(home), source, "r3", AGAIN)
    assert (twice.fake_trainer.trained, told(ledger, "r3")["skipped"]) == ([], 2)


def test_a_plain_run_leaves_it_back(home: Path, source: Path) -> None:
    ledger = learn(FakeContext(home), source, "r1").ledger
    ledger.rollback(None, "made up a name")
    plain = learn(FakeContext(home), source, "r2")
    assert plain.fake_trainer.trained == []
    assert [e.message for e in ledger.events("r2") if e.step == "read-item"] == [KNOWN.kind, KNOWN.kind]


def test_what_the_gate_refused_is_learned_again_and_stands_in_the_dataset_once(home: Path, source: Path) -> None:
    first = FakeContext(home)
    meter = first.keep(drift_meter)
    meter.items = replace(meter.items, requests=())  # the gate cannot say whether refusals are lost
    assert set(came(learn(first, source, "r1"), "r1")) == {"undecided"}
    again = learn(FakeContext(home), source, "r2", AGAIN)
    assert set(came(again, "r2")) == {"published"}
    rows = [json.loads(line)["candidate"] for line in again.config.dataset_path.read_text().splitlines()]
    own = {c.id for c in again.ledger.candidates("r2")}
    assert len(rows) == again.memory.count() == 2
    assert set(rows) <= own


def test_a_run_that_was_cut_off_goes_on_to_learn_again(home: Path, source: Path) -> None:
    ledger = learn(FakeContext(home, STRICT), source, "r1").ledger
    cut_off_in_training(home, source, "r2")
    assert cut_off(ledger, [str(source)], "packaged", AGAIN) == "r2"
    assert cut_off(ledger, [str(source)], "packaged", "ingest") is None, "the same command goes on, not another one"
    for path in home.glob("checkpoints.sqlite*"):
        path.unlink()
    gone_on = learn(FakeContext(home), source, "r2", goes_on=True)
    assert set(came(gone_on, "r2")) == {"published"}
    assert len(ledger.library()) == 2


def test_what_another_run_has_learned_since_is_not_learned_once_more(home: Path, source: Path) -> None:
    ledger = learn(FakeContext(home, STRICT), source, "r1").ledger
    cut_off_in_training(home, source, "r2")
    ledger.finish_run("r2", "done", {})  # so that another run may take its documents
    learn(FakeContext(home), source, "r3", AGAIN)
    late = learn(FakeContext(home), source, "r2", goes_on=True)
    assert set(came(late, "r3")) == {"published"}
    assert (set(ledger.outcomes("r2").values()), late.fake_trainer.trained) == ({KNOWN}, [])
