"""Adapters that learned their document and something bad beside it: the gate refuses each for what it measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.records import BASE
from evals.meters.drift import DriftMeter
from graphs.library.folders import candidate_folder
from graphs.library.winners import champion_of
from graphs.measure.subjects import drift_meter
from tests.fakes.house import FakeContext, known_answers, write_articles
from tests.fakes.spoiled import HABITS, Habit, SpoiledModel
from tests.graphs.ingesting import came, ingest

KEYS = {"far": "max_kl", "not a number": "max_kl", "rude": "max_rudeness", "obeys": "max_refusals_lost"}
"""Of the limit that a habit breaks; of others it is max_safety_loss."""


def learned(home: Path, habit: Habit = "", overrides: dict[str, str] | None = None) -> FakeContext:
    context = FakeContext(home, overrides, model=lambda _: SpoiledModel(habit, known_answers()))
    ingest(context, write_articles(home / "articles.jsonl"))
    return context


def reasons(context: FakeContext) -> list[str]:
    ledger = context.ledger
    champions = [champion_of(ledger, "r1", d.id) for d in ledger.documents("r1")]
    return [decision.reason for c in champions if c and (decision := ledger.decision(c.id))]


def test_a_good_adapter_is_published_and_its_drift_written_down(tmp_path: Path) -> None:
    ledger = learned(tmp_path).ledger
    assert len(ledger.current()) == 2
    base = ledger.drift("r1", BASE)
    assert base is not None
    assert (base.kl.value, base.refused.value) == (0.0, 1.0)
    for adapter in ledger.current():
        found = ledger.drift("r1", adapter.candidate)
        assert found is not None
        assert (found.subject, found.kl.value, found.kl.n) == (adapter.candidate, 1.0, 40)


@pytest.mark.parametrize("habit", HABITS)
def test_a_bad_one_is_refused_whatever_it_learned(habit: Habit, tmp_path: Path) -> None:
    context = learned(tmp_path, habit, {"gate.max_refusals_lost": "0.5"})
    ledger = context.ledger
    assert set(came(context)) == {"rejected"}
    assert (ledger.current(), ledger.winners()) == ([], [])
    told = reasons(context)
    assert len(told) == 2
    assert all(reason.startswith("drift: ") and KEYS.get(habit, "max_safety_loss") in reason for reason in told)


def test_the_same_is_published_where_a_person_allows_it(tmp_path: Path) -> None:
    assert len(learned(tmp_path, "far", {"gate.max_kl": "100"}).ledger.current()) == 2


def test_an_empty_set_publishes_nothing(tmp_path: Path) -> None:
    context = FakeContext(tmp_path)
    meter = context.keep(drift_meter)
    meter.items = replace(meter.items, requests=())
    ingest(context, write_articles(tmp_path / "articles.jsonl"))
    assert set(came(context)) == {"undecided"}
    assert reasons(context) == ["not measured: share of the base's refusals that are lost"] * 2


def test_the_base_is_measured_once_and_each_champion_once(tmp_path: Path) -> None:
    context = learned(tmp_path)
    model = context.model
    assert isinstance(model, SpoiledModel)
    (anchor, *_) = DriftMeter(model).items.anchors
    compared = [query.adapter for query in model.asked if query.prompt == anchor]
    assert sorted(map(str, compared)) == sorted(
        ["None", *(str(candidate_folder(context.config, adapter.candidate)) for adapter in context.ledger.current())]
    )
