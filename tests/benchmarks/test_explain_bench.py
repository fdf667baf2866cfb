"""The measurement of `seal explain`, on lines whose order is known and on a home of the fake engine."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import pytest

from agent.errors import StoreError
from agent.records import Question
from benchmarks.explain import graded, measured
from graphs.runs.flows import INGEST
from graphs.runs.life import begin
from graphs.views.answers import TrainingLine
from tests.fakes.house import FakeContext, write_articles


def line(text: str, cosine: float, dot: float) -> TrainingLine:
    return TrainingLine(prompt="", completion=text, strategies=("facts",), cosine=cosine, dot=dot, states_answer=False)


def test_lines_are_graded_by_each_score() -> None:
    lines = [
        line("Anna Moss runs the mill.", 0.9, 1.0),
        line("Who runs the dog?", 0.5, 5.0),
        line("Anna Moss sleeps.", -0.1, 0.5),
        line("Dogs sleep.", -0.2, 0.1),
    ]
    row = graded(Question(question="Who runs the mill?", answer="Anna Moss"), lines)
    assert row["states"] == 0.5
    assert row["cosine"] == {"first": 1.0, "auc": 0.75}
    assert row["dot"] == {"first": 0.0, "auc": 0.5}
    assert row["words"] == {"first": 0.5, "auc": 0.5}, "two lines share three words with the question"
    assert row["random"] == {"first": 0.5, "auc": 0.5}


def test_without_a_line_that_says_something_else_there_is_no_auc() -> None:
    row = graded(Question(question="Who?", answer="Anna Moss"), [line("Anna Moss runs it.", 0.1, 0.2)])
    assert row["cosine"] == {"first": 1.0, "auc": None}


def test_a_home_is_measured(tmp_path: Path) -> None:
    context = FakeContext(tmp_path / "home", {"ask.max_distance": "0.9"})
    with pytest.raises(StoreError, match="no adapter of this home"):
        measured(context)
    source = str(write_articles(tmp_path / "articles.jsonl"))
    begin(INGEST, context, [source], "ingest").run()
    found = measured(context)
    assert (found["questions"], found["documents"], len(found["rows"])) == (7, 2, 7), "the fake gets one of 8 wrong"
    assert found["cosine"]["first"] == 1, "the fake's cosine counts the answer's words"
    assert found["random"] == {"first": pytest.approx(fmean(row["states"] for row in found["rows"])), "auc": 0.5}
    gap = found["cosine_minus_random"]
    assert gap["mean"] == pytest.approx(1 - found["random"]["first"])
