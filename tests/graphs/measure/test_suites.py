"""Suites on the library: which adapters, and each with its own figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import AdapterError, UnknownName
from agent.records import BASE
from evals.meters.retention import items
from graphs.measure.suites import SUITES, chosen, measure
from tests.fakes.house import FakeContext, write_articles
from tests.graphs.ingesting import ingest


@pytest.fixture
def learned(tmp_path: Path) -> FakeContext:
    context = FakeContext(tmp_path / "home")
    ingest(context, write_articles(tmp_path / "articles.jsonl"))
    return context


def test_all_current_adapters_or_one_by_how_its_id_begins(learned: FakeContext) -> None:
    current = learned.ledger.current()
    assert chosen(learned, None) == current
    for adapter in current:
        assert chosen(learned, adapter.id) == [adapter]
        assert chosen(learned, adapter.id[:8]) == [adapter]
    for name in ("", "no such"):
        with pytest.raises(UnknownName, match="several" if not name else "none that was published"):
            chosen(learned, name)


def test_one_that_was_taken_back_can_still_be_measured(learned: FakeContext) -> None:
    (gone,) = learned.ledger.rollback(None, "a test")
    assert gone not in chosen(learned, None)
    assert chosen(learned, gone.id) == [gone]


def test_adapters_of_another_base_are_left_out(learned: FakeContext) -> None:
    other = FakeContext(learned.config.home, {"model.name": "another"})
    assert chosen(other, None) == []
    with pytest.raises(UnknownName):
        chosen(other, learned.ledger.current()[0].id)


@pytest.mark.parametrize("suite", SUITES)
def test_the_base_comes_first_and_then_each_adapter_with_its_title(suite: str, learned: FakeContext) -> None:
    adapters = learned.ledger.current()
    found = measure(learned, suite, adapters)  # type: ignore[arg-type]
    assert [(one.subject, one.title) for one in found] == [(BASE, ""), *((a.id, a.title) for a in adapters)]
    assert [one.figures.keys() for one in found] == [found[0].figures.keys()] * 3


def test_drift_is_of_each_adapter(learned: FakeContext) -> None:
    base, *others = measure(learned, "drift", learned.ledger.current())
    assert [one.figures["kl"].value for one in (base, *others)] == [0.0, 1.0, 1.0]


def test_retention_counts_over_the_common_and_over_all_items(learned: FakeContext) -> None:
    near = FakeContext(learned.config.home, {"ask.max_distance": "2"})
    base, *others = measure(near, "retention", near.ledger.current())
    common = sum(item.common for item in items())
    assert [(one.figures["forced"].n, one.figures["routed"].n) for one in (base, *others)] == [
        (common, len(items()))
    ] * 3
    assert [one.figures["reached"].value for one in (base, *others)] == [0.0, 1.0, 1.0]


def test_an_adapter_that_cannot_be_read_is_an_error(learned: FakeContext) -> None:
    adapter = learned.ledger.current()[0]
    (learned.config.adapters_dir / adapter.id / "adapter_model.safetensors").write_text("[")
    learned.fake_model.answers |= {item.question: "x" for item in items() if item.question}
    for item in items():
        learned.fake_model.answers[item.question or item.prompt] = item.completion.strip()
    with pytest.raises(AdapterError):
        measure(learned, "retention", [adapter])
