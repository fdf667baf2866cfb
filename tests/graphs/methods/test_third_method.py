"""A method that seal does not know, from a package outside: the whole of it is the example in docs/extending.md."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ConfigError, StoreError
from agent.records import PlannerPolicy, WriterPolicy
from app.show.round_page import write_pages
from graphs.methods import GROUP, method_named, method_of
from graphs.methods.method import promoted, take_back
from graphs.methods.practice import heldout_run, practice_run
from graphs.runs.flows import IMPROVE
from graphs.runs.life import begin
from graphs.views.improvement import Improvement, estimate
from graphs.views.status import view_status
from tests.fakes.engine import FakeTrainer
from tests.fakes.house import FakeContext, mills, write_articles
from tests.fakes.packages import install

NAME = "acme_method"
PAGE = (Path(__file__).parents[3] / "docs" / "extending.md").read_text(encoding="utf-8")
ARTICLES = mills(24)
SMALL = {
    "improve.learns": '["favourite"]', "improve.rounds": "1", "improve.documents": "6", "improve.heldout": "6",
    "improve.heldout_share": "0.5", "improve.free_gib": "0", "probe.parsed": "false", "probe.cloze": "false",
}  # fmt: skip
EQUAL = dict.fromkeys(("passage", "sentences", "cloze", "facts"), -0.5)
FACTS_ARE_BEST = {"passage": -3.0, "sentences": -2.0, "cloze": -1.0, "facts": -0.05}
"""Log-probability of an answer after training by a strategy."""


@pytest.fixture
def favourite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of the installed package. A policy of it is one strategy for everything."""
    (source,) = re.findall(rf"`{NAME}\.py`:\n\n```python\n(.*?)```", PAGE, re.DOTALL)
    install(monkeypatch, tmp_path / "site", NAME, GROUP, source, "FavouriteMethod")
    return importlib.import_module(NAME)


def at(home: Path, more: dict[str, str] | None = None, worth: dict[str, float] = FACTS_ARE_BEST) -> FakeContext:
    def trainer(_: object) -> FakeTrainer:
        made = FakeTrainer()
        made.logprob_of = worth
        return made

    return FakeContext(home, SMALL | (more or {}), ARTICLES, trainer=trainer)


def improve(context: FakeContext) -> Improvement:
    source = str(write_articles(context.config.home.parent / "mills.jsonl", ARTICLES))
    life = begin(IMPROVE, context, [source], "improve")
    life.run()
    return life.finish()


def test_it_practises_learns_is_tested_against_its_controls_and_promoted(favourite: Any, tmp_path: Path) -> None:
    context = at(tmp_path / "home")
    ledger, summary = context.ledger, improve(context)
    practised, tested = practice_run(summary.run, 1), heldout_run(summary.run, 1)
    assert {type(method_of(context, run)) for run in (practised, tested)} == {favourite.FavouriteMethod}
    plans = [plan for d in ledger.documents(practised) for plan in ledger.plans(practised, d.id)]
    assert {plan.planner for plan in plans} == {"favourite"}
    assert {plan.strategy for plan in plans} == {"passage", "sentences", "cloze", "facts"}
    (round,) = ledger.rounds(summary.run)
    assert (round.kind, round.word, round.practised.documents) == ("favourite", "promote", 6), round.reason
    chose = {result.arm: {trial.action.strategy for trial in result.trials} for result in round.results}
    assert chose == {"current": {"cloze"}, "learned": {"facts"}, "random": {"passage"}, "untrained": {"cloze"}}
    assert [len(result.trials) for result in round.results] == [6] * 4
    assert round.differences["learned"].p_value < 0.05
    acting = promoted(context, favourite.FavouritePolicy)
    assert acting is not None
    assert (acting.id, acting.strategy) == (round.challenger, "facts")
    assert (summary.promoted, summary.gains["learned"]) == (1, max(summary.gains.values()))


def test_without_a_difference_it_is_not_promoted(favourite: Any, tmp_path: Path) -> None:
    context = at(tmp_path / "home", worth=EQUAL)
    summary = improve(context)
    assert [round.word for round in context.ledger.rounds(summary.run)] == ["keep"]
    assert promoted(context, favourite.FavouritePolicy) is None


def test_people_see_it_and_take_it_back_like_any_other(favourite: Any, tmp_path: Path) -> None:
    context = at(tmp_path / "home")
    assert view_status(context).policies == {"planner": None, "writer": None, "favourite": None}
    summary = improve(context)
    status = view_status(context)
    (round,) = context.ledger.rounds(summary.run)
    told = status.policies.pop("favourite")
    assert told is not None
    assert told.startswith(f"{round.challenger}, since round 1 of run {summary.run}: learned +")
    assert status.policies == {"planner": None, "writer": None}
    assert view_status(context).model_dump(mode="json")["favourite"] == told
    page = write_pages(context.ledger, summary.run, tmp_path / "pages")
    assert page is not None
    assert page.with_suffix(".md").read_text().startswith(f"# Round 1 of run {summary.run}: a favourite\n")
    method = method_named(context, "favourite")
    take_back(context, method, "a test")
    assert not method.acting().learned
    assert view_status(context).policies["favourite"] is None
    with pytest.raises(StoreError, match="no favourite policy is promoted"):
        take_back(context, method, "a test")


def test_it_takes_turns_with_ours_and_neither_sees_the_other_s_policies(favourite: Any, tmp_path: Path) -> None:
    context = at(tmp_path / "home", {"improve.learns": '["favourite", "planner"]', "improve.rounds": "2"})
    ledger, summary = context.ledger, improve(context)
    assert [round.kind for round in ledger.rounds(summary.run)] == ["favourite", "planner"]
    first, second = practice_run(summary.run, 1), practice_run(summary.run, 2)
    assert [len(ledger.policies(first, of)) for of in (favourite.FavouritePolicy, PlannerPolicy, WriterPolicy)] == [
        2, 0, 0,
    ]  # fmt: skip
    assert ledger.policies(second, favourite.FavouritePolicy) == []
    (learned, *_) = ledger.policies(second, PlannerPolicy)
    with pytest.raises(StoreError, match="no FavouritePolicy"):
        ledger.policy(learned.id, favourite.FavouritePolicy)


def test_an_estimate_asks_it_as_well(favourite: Any, tmp_path: Path) -> None:
    assert estimate(at(tmp_path / "home")).candidates > 0


def test_a_method_that_nobody_brought_is_refused_before_a_run_begins(tmp_path: Path) -> None:
    context = at(tmp_path / "home")
    with pytest.raises(ConfigError, match="no method 'favourite'") as told:
        improve(context)
    assert told.value.mend == "choose from: planner, writer"
    assert told.value.key == "improve.learns"
    assert context.ledger.runs() == []


def test_a_name_that_is_taken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "class Other:\n    name = 'writer'\n"
    install(monkeypatch, tmp_path / "site", "acme_other", GROUP, source, "Other")
    with pytest.raises(ConfigError, match="two methods are called 'writer'"):
        improve(at(tmp_path / "home"))
