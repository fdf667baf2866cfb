"""The examples of docs/extending.md, installed as the packages that the page says they are."""

from __future__ import annotations

import importlib
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.config import load_config
from agent.errors import ConfigError
from agent.ports import Answerer, Query
from agent.sources import read
from agent.sources.registry import AnyFormatSource, all_formats
from agent.strategies import usable
from graphs.ask.asking import ask
from graphs.context import Context
from graphs.methods import method_named
from graphs.methods.method import take_back
from graphs.runs.flows import IMPROVE, INGEST
from graphs.runs.life import begin
from graphs.views.trace import trace_run
from tests.conformance.answerer import AnswererConformance
from tests.conformance.source import SourceConformance
from tests.fakes.house import ARTICLES, FakeContext, fake_makers, mills, write_articles
from tests.fakes.packages import install

PAGE = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")
MODULES = dict(re.findall(r"`(acme_\w+)\.py`:\n\n```python\n(.*?)```", PAGE, re.DOTALL))
ENTRIES = [
    tomllib.loads(block)["project"]["entry-points"] for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
]

Added = Callable[[str], Any]


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Added:
    """Installs an example with the entry point that stands below it. Returns its module."""

    def add(name: str) -> Any:
        for entry in ENTRIES:
            for group, objects in entry.items():
                for object in objects.values():
                    module, _, attribute = object.partition(":")
                    if module == name:
                        install(monkeypatch, tmp_path / "site", name, group, MODULES[name], attribute)
        if name == "acme_engine":
            (tmp_path / f"{name}.py").write_text(MODULES[name])
            monkeypatch.syspath_prepend(tmp_path)
        all_formats.cache_clear()
        return importlib.import_module(name)

    return add


@pytest.fixture(autouse=True)
def forget_formats() -> Any:
    yield
    all_formats.cache_clear()


def test_every_example_has_a_test() -> None:
    assert set(MODULES) == {"acme_strategy", "acme_format", "acme_reward", "acme_method", "acme_engine"}
    assert {group for entry in ENTRIES for group in entry} == {
        "seal.strategies", "seal.formats", "seal.rewards", "seal.methods",
    }  # fmt: skip


def learn(context: FakeContext, source: Path) -> Any:
    life = begin(INGEST, context, [str(source)], "ingest")
    life.run()
    return life.finish()


def test_the_strategy_is_planned_with_and_trained_on(added: Added, tmp_path: Path) -> None:
    added("acme_strategy")
    context = FakeContext(tmp_path / "home", {"plan.strategies": '["headlined"]', "ask.max_distance": "0.9"})
    summary = learn(context, write_articles(tmp_path / "articles.jsonl"))
    assert {row.strategy for row in summary.results} <= {"headlined", " + ".join(["headlined"] * 5)}
    (first, *_) = trace_run(context.ledger, None).documents
    lines = [example.text for plan in first.plans if plan.self_edit for example in plan.self_edit.examples]
    assert "Orrin Mill Opens: The mill at Orrin opened on 4 March 2031.\n" in lines


def test_a_strategy_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no strategy 'headlined'"):
        usable(["headlined"], has_model=False)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "table.csv"
    file.write_text('title,text\nOne,"The mill at Orrin opened in March."\n,Anna Moss runs it.\nEmpty,\n')
    return file


class TestFormat(SourceConformance):
    @pytest.fixture
    def source(self, added: Added) -> Any:
        return added("acme_format").CsvSource()

    @pytest.fixture
    def good(self, table: Path) -> str:
        return str(table)

    @pytest.fixture
    def missing(self, tmp_path: Path) -> str:
        return str(tmp_path / "nothing.csv")

    @pytest.fixture
    def unusable(self, tmp_path: Path) -> str:
        (tmp_path / "empty.csv").write_text("title,text\nOne,\n")
        return str(tmp_path / "empty.csv")


def test_the_format_is_told_by_the_file(added: Added, table: Path) -> None:
    before = list(AnyFormatSource().read(str(table)))
    assert len(before) == 1, "plain text, as long as nobody knows better"
    added("acme_format")
    one, two, broken = read(str(table), max_words=200)
    assert (one.title, two.text) == ("One", "Anna Moss runs it.")  # type: ignore[union-attr]
    assert broken.where.endswith("table.csv, line 4")  # type: ignore[union-attr]


def test_the_term_is_reported_and_counts_for_nothing(added: Added, tmp_path: Path) -> None:
    source = write_articles(tmp_path / "articles.jsonl", ARTICLES[:1])

    def rewards(home: str) -> list[Any]:
        context = FakeContext(tmp_path / home)
        learn(context, source)
        (document,) = trace_run(context.ledger, None).documents
        return [candidate.reward for candidate in document.candidates if candidate.reward]

    plain = rewards("before")
    added("acme_reward")
    measured = rewards("after")
    assert [reward.value for reward in measured] == [reward.value for reward in plain]
    assert all(0 < reward.others["brevity"] < 1 for reward in measured)
    assert not any(reward.others for reward in plain)


def test_the_method_practises_learns_and_is_promoted(added: Added, tmp_path: Path) -> None:
    module = added("acme_method")
    settings = {
        "improve.learns": '["favourite"]', "improve.rounds": "1", "improve.documents": "6", "improve.heldout": "6",
        "improve.heldout_share": "0.5", "improve.free_gib": "0", "probe.parsed": "false", "probe.cloze": "false",
    }  # fmt: skip
    articles = mills(24)
    context = FakeContext(tmp_path / "home", settings, articles)
    context.fake_trainer.logprob_of = {"passage": -3.0, "sentences": -2.0, "cloze": -1.0, "facts": -0.05}
    life = begin(IMPROVE, context, [str(write_articles(tmp_path / "mills.jsonl", articles))], "improve")
    life.run()
    (round,) = context.ledger.rounds(life.name)
    assert (round.kind, round.word) == ("favourite", "promote"), round.reason
    learned = context.ledger.policies(f"{life.name}.1.practice", module.FavouritePolicy)[0]
    assert learned.strategy == "facts"
    favourite = method_named(context, "favourite")
    assert favourite.acting() == learned
    take_back(context, favourite, "a test")
    assert not favourite.acting().learned


class Echo:
    """An engine whose answers differ by adapter and question. Counts what it is asked."""

    name = "echo"

    def __init__(self) -> None:
        self.asked: list[Query] = []

    def answer(self, queries: Sequence[Query], max_tokens: int = 24) -> list[str]:
        self.asked += queries
        return [" ".join(f"{query.adapter} to {query.prompt}".split()[:max_tokens]) for query in queries]


class TestEngine(AnswererConformance):
    @pytest.fixture
    def adapters(self, tmp_path: Path) -> tuple[Path, Path]:
        return tmp_path / "one", tmp_path / "two"

    @pytest.fixture
    def answerer(self, added: Added) -> Answerer:
        remembering: Answerer = added("acme_engine").Remembering(Echo())
        return remembering


def test_the_engine_is_handed_in_and_asks_nothing_twice(added: Added, tmp_path: Path) -> None:
    echo = Echo()
    makers = added("acme_engine").remembering(fake_makers(answerer=lambda _: echo))
    context = Context(load_config(None, {}, tmp_path), makers)
    first, again = (ask(context, "What is six times seven?") for _ in range(2))
    assert first == again
    assert len(echo.asked) == 1
