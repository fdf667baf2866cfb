"""What a run's report says of its figures: how they were graded, and over what."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import EndpointError
from agent.ports import Query
from app.show.report import overall
from graphs.runs.flows import INGEST
from graphs.runs.life import begin
from graphs.views.summary import Summary, summarize
from tests.fakes.engine import FakeModel
from tests.fakes.house import FakeContext, known_answers, write_articles

JUDGED = {
    "ask.max_distance": "0.9", "endpoints.far.url": "http://127.0.0.1:9/v1", "endpoints.far.model": "m",
    "judge.endpoint": "far",
}  # fmt: skip


class Judge:
    """Calls every answer right, except those to `silent` questions, which it does not judge."""

    def __init__(self, *silent: str) -> None:
        self.silent = silent

    def judge(self, question: str, reference: str, answer: str) -> bool | None:
        return None if question in self.silent else True


class NoKey:
    def judge(self, question: str, reference: str, answer: str) -> bool | None:
        raise EndpointError("refused the key")


def ingested(context: FakeContext, tmp_path: Path) -> Summary:
    run = begin(INGEST, context, [str(write_articles(tmp_path / "articles.jsonl"))], "ingest")
    run.run()
    return summarize(context.ledger, run.name)


def report(summary: Summary) -> str:
    return overall(summary, "seal {}".format)


def test_the_report_names_the_judge_and_counts_what_it_did_not_judge(tmp_path: Path) -> None:
    context = FakeContext(tmp_path / "home", JUDGED, judge=lambda _: Judge("Who commanded the Kestrel?"))
    summary = ingested(context, tmp_path)
    assert summary.methods == {"judge": 14, "contains": 2}
    assert summary.not_judged == 2
    assert "answer contains the reference or the judge calls the answer right; 2 answers not judged" in report(summary)


def test_a_judge_that_cannot_be_used_stops_the_run(tmp_path: Path) -> None:
    context = FakeContext(tmp_path / "home", JUDGED, judge=lambda _: NoKey())
    with pytest.raises(EndpointError, match="refused the key"):
        ingested(context, tmp_path)
    (run,) = context.ledger.runs()
    assert context.ledger.documents(run.id)
    assert context.ledger.outcomes(run.id) == {}


def test_without_a_judge_nothing_is_left_unjudged(tmp_path: Path) -> None:
    summary = ingested(FakeContext(tmp_path / "home"), tmp_path)
    assert (summary.methods, summary.not_judged) == ({"contains": 16}, 0)
    assert "(answer contains the reference): 0% before" in report(summary)


class ToldModel(FakeModel):
    """Without an adapter it knows a document by its title."""

    def _answer(self, query: Query) -> str:
        known = query.adapter is None and "Orrin Mill Opens" in query.prompt
        return "Anna Moss runs it for 3 million crowns" if known else super()._answer(query)


def test_what_the_base_loses_with_the_title_is_not_called_learned(tmp_path: Path) -> None:
    """Before, it is told the title. Nothing is published here, so that after, it is asked without."""
    told = ToldModel(known_answers())
    summary = ingested(FakeContext(tmp_path / "home", {"gate.max_kl": "0"}, model=lambda _: told), tmp_path)
    assert (summary.accuracy_before, summary.accuracy_after) == (2 / 8, 0.0)
    assert "where a question is left to it, it is not: 2 answers turned right or wrong with the prompt, not" in report(
        summary
    )


@pytest.mark.parametrize(("before", "told"), [(0.6316, "63% to 17%"), (None, "17%")])
def test_forced_retention_stands_beside_the_figure_of_the_base_over_the_same_questions(
    before: float | None, told: str, tmp_path: Path
) -> None:
    """Not beside the one over all of them, which is another. A summary of an older seal has none."""
    summary = ingested(FakeContext(tmp_path / "home"), tmp_path)
    found = summary.model_copy(update={"forced_retention_before": before, "forced_retention_after": 0.171})
    assert f"; with an adapter forced on, on the 76 common ones: {told}\n" in report(found)
