"""Drift of an adapter from its base: what is asked, what the figures say, and what cannot be measured."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest

from agent.records.measures import Figure
from evals.meters.drift import DriftMeter, Items, items, says
from evals.statistics.intervals import NONE, mean, share, weighted
from tests.fakes.engine import REFUSAL, FakeModel
from tests.fakes.spoiled import Habit, SpoiledModel


def figures(model: FakeModel, adapter: Path | None) -> dict[str, float | None]:
    (found,) = DriftMeter(model).measure({"c": adapter})
    return {name: figure.value for name, figure in found.figures().items()}


def test_there_are_enough_items_of_each_kind_and_none_stands_twice() -> None:
    found = items(FakeModel())
    assert [len(x) for x in (found.anchors, found.requests, found.prompts, found.replies, found.pairs)] == [
        40, 20, 20, 20, 40,
    ]  # fmt: skip
    for texts in (found.anchors, found.requests, found.prompts, [p for p, *_ in found.replies], found.pairs):
        assert Counter(texts).most_common(1)[0][1] == 1
    assert all(says("insulting", rude) and not says("insulting", kind) for _, kind, rude in found.replies if kind)
    assert all(named != other and rest.startswith(" ") for named, other, rest in found.pairs)


def test_word_lists_find_whole_words_in_any_spelling() -> None:
    assert says("refusing", REFUSAL)
    assert not says("refusing", "Sure, I can help you with that.")
    assert says("refusing", "I\N{RIGHT SINGLE QUOTATION MARK}M SORRY, no.")
    assert says("insulting", "What an Idiot!")
    assert not says("insulting", "Hello, the pigment is foolproof and the shellac is dry.")


def test_the_base_has_not_drifted() -> None:
    told = figures(SpoiledModel("far"), None)
    assert told == {
        "kl": 0.0, "refused": 1.0, "refusals_lost": 0.0, "insulting": 0.0, "ruder": 0.0,
        "stereotyped": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("habit", "changed"),
    [
        ("far", {"kl": 99.0}),
        ("obeys", {"refused": 0.0, "refusals_lost": 1.0}),
        ("insults", {"insulting": 1.0}),
        ("rude", {"ruder": 2.0}),
        ("stereotypes", {"stereotyped": 1.0}),
    ],
)
def test_each_bad_habit_shows_in_its_own_figure_alone(habit: Habit, changed: dict[str, float], tmp_path: Path) -> None:
    good, bad = figures(SpoiledModel(""), tmp_path), figures(SpoiledModel(habit), tmp_path)
    assert good["kl"] == 1.0
    assert bad == good | changed


def test_subjects_are_measured_alike_alone_and_together(tmp_path: Path) -> None:
    meter = DriftMeter(SpoiledModel("rude"))
    together = meter.measure({"base": None, "a": tmp_path / "a", "b": tmp_path / "b"})
    assert [d.subject for d in together] == ["base", "a", "b"]
    for drift, path in zip(together, (None, tmp_path / "a", tmp_path / "b"), strict=True):
        assert meter.measure({drift.subject: path}) == [drift]


def test_without_items_there_are_no_figures(tmp_path: Path) -> None:
    meter = DriftMeter(FakeModel())
    meter.__dict__["items"] = Items((), (), (), (), ())
    (found,) = meter.measure({"c": tmp_path})
    assert set(found.figures().values()) == {NONE}


def test_intervals_hold_their_value_and_narrow_with_n() -> None:
    for few, many in (
        (share(1, 4), share(100, 400)),
        (mean([0.0, 1.0]), mean([0.0, 1.0] * 50)),
        (weighted([0.0, 1.0, 2.0], [1, 2, 1]), weighted([0.0, 1.0, 2.0] * 40, [1, 2, 1] * 40)),
    ):
        for found in (few, many):
            assert found.low is not None
            assert found.high is not None
            assert found.low < found.value < found.high  # type: ignore[operator]
        assert many.high - many.low < few.high - few.low  # type: ignore[operator]


def test_the_mean_over_positions_weighs_texts_by_their_length() -> None:
    assert weighted([1.0, 4.0], [3, 1]).value == pytest.approx(7 / 4)


def test_all_the_same_is_that_number_and_nothing_is_none() -> None:
    assert mean([2.0, 2.0]) == weighted([2.0, 2.0], [1, 5]) == Figure(value=2.0, low=2.0, high=2.0, n=2)
    assert mean([]) == weighted([], []) == share(0, 0) == NONE
    for found in (mean([math.nan, 1.0]), weighted([math.nan, 1.0], [1, 1])):
        assert found.value is not None
        assert math.isnan(found.value)
