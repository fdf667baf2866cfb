"""A reward term that a package outside adds, in a whole run."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.records import Reward
from evals.rewards.rubric import GROUP
from graphs.runs.flows import INGEST
from graphs.runs.life import begin
from tests.fakes.house import FakeContext, write_articles
from tests.fakes.packages import install
from tests.graphs.ingesting import ingest

METRIC = """
from evals.rewards.rubric import Term
TERM = Term({name!r}, lambda it: len(it.self_edit.examples) / len(it.document.text))
"""


def rewards(home: Path, source: Path) -> list[Reward]:
    context = FakeContext(home)
    ingest(context, source)
    found = [context.ledger.reward(c.id) for c in context.ledger.candidates("r1")]
    return [one for one in found if one]


def test_a_metric_is_kept_with_every_reward_and_changes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_articles(tmp_path / "articles.jsonl")
    before = rewards(tmp_path / "before", source)
    install(monkeypatch, tmp_path / "site", "toy_metric", GROUP, METRIC.format(name="density"), "TERM")
    after = rewards(tmp_path / "after", source)
    assert all(one.others.keys() == {"density"} and one.others["density"] > 0 for one in after)
    assert [one.model_copy(update={"others": {}}) for one in after] == before != []


def test_one_that_cannot_be_used_ends_a_run_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, tmp_path / "site", "toy_metric", GROUP, METRIC.format(name="gain"), "TERM")
    context = FakeContext(tmp_path / "home")
    with pytest.raises(ConfigError, match="two reward terms are called 'gain'"):
        begin(INGEST, context, [str(write_articles(tmp_path / "articles.jsonl"))], "ingest")
    assert context.ledger.runs() == []
