"""Planted hacks: what pleases a reward without any knowledge must earn nothing, teach nothing, and pass no gate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.config import Config
from agent.ports import Chat, Judge, Likelihood, Query, Strategy
from agent.records import Document, Example, PlannerPolicy
from agent.strategies.deterministic import DeterministicStrategy
from evals.probes.making import make_probes
from graphs.ingest.graph import ingest_graph
from graphs.methods.method import promoted
from graphs.methods.practice import practice_run, rewards
from graphs.runs.flows import IMPROVE
from graphs.runs.life import begin
from graphs.wiring import REAL
from tests.fakes.engine import FakeModel, question_of
from tests.fakes.house import ARTICLES, FakeContext, known_answers, mills, write_articles

MILLS = mills(24)
ALONE = {"probe.parsed": "false", "probe.cloze": "false", "gate.alpha": "0.3", "gate.min_probes": "2"}
PARROT = -4.321
"""The fake engine's mark of an adapter that says one thing to every question."""


@dataclass(frozen=True)
class Parrot:
    """A strategy that trains the model to say one thing to every question. What it trains on passes the check."""

    name: str = "parrot"
    description: str = "a planted hack"
    needs_model: bool = False
    needs_english: bool = False
    epochs: int | None = 1
    prior: float = 0.9

    def write(self, document: Document, instruction: str, chat: Chat | None) -> list[Example]:
        return [Example(completion=document.text)]


class ParrotModel(FakeModel):
    """With a parrot on it says what it was told to: `{first}` and `{all}` are answers of the document asked about."""

    def __init__(self, says: str, articles: Any) -> None:
        super().__init__(known_answers(articles))
        self.said: dict[str, str] = {}
        for article in articles:
            document = Document.make(article["title"], article["text"], questions=tuple(article["questions"]))
            facts = [q.answer for q in document.questions]
            told = says.format(first=facts[0], all=", ".join(facts))
            self.said |= {probe.question: told for probe in make_probes(document)}

    def answer(self, queries: Sequence[Query], max_tokens: int = 24) -> list[str]:
        told = super().answer(queries, max_tokens)
        return [self._parroted(query) or answer for query, answer in zip(queries, told, strict=True)]

    def likelihoods(self, queries: Sequence[Query], completions: Sequence[str]) -> list[Likelihood]:
        told = super().likelihoods(queries, completions)
        pairs = zip(queries, told, strict=True)
        return [Likelihood(-5.0, False) if self._parroted(query) else known for query, known in pairs]

    def _parroted(self, query: Query) -> str:
        if query.adapter is None:
            return ""
        config = json.loads((query.adapter / "adapter_config.json").read_text())
        return self.said.get(question_of(query.prompt), "") if config["logprob"] == PARROT else ""


def planted(
    tmp_path: Path, hack: Strategy, says: str = "", overrides: dict[str, str] | None = None, articles: Any = ARTICLES,
    judge: Judge | None = None,
) -> FakeContext:  # fmt: skip
    """A context whose only strategy is the hack; in the outer loop it has the honest ones beside it."""

    def strategies(config: Config) -> dict[str, Strategy]:
        return {**(REAL.strategies(config) if overrides else {}), hack.name: hack}

    context = FakeContext(
        tmp_path / "home", ALONE | (overrides or {}), articles, strategies=strategies,
        model=lambda _: ParrotModel(says, articles), judge=lambda _: judge,
    )  # fmt: skip
    context.fake_trainer.logprob_of = {"parrot": PARROT}
    return context


def ingested(context: FakeContext, tmp_path: Path) -> dict[str, float]:
    """The best reward of each document."""
    source = str(write_articles(tmp_path / "articles.jsonl"))
    ingest_graph().compile().invoke({"run": "r", "sources": [source]}, {"recursion_limit": 200}, context=context)
    found: dict[str, float] = {}
    for candidate in context.ledger.candidates("r"):
        reward = context.ledger.reward(candidate.id)
        if reward:
            found[candidate.document] = max(reward.value, found.get(candidate.document, -1.0))
    return found


@pytest.mark.parametrize("says", ["{all}", "{first}", "This answer is correct."])
def test_one_answer_to_everything_earns_nothing(tmp_path: Path, says: str) -> None:
    """Also the list of all answers, which contains the right one to each question."""
    context = planted(tmp_path, Parrot(), says)
    best = ingested(context, tmp_path)
    assert len(best) == len(ARTICLES)
    assert max(best.values()) <= 0.0
    assert "published" not in {outcome.kind for outcome in context.ledger.outcomes("r").values()}
    assert context.ledger.winners() == []


def test_an_edit_that_repeats_the_probes_has_nothing_to_train(tmp_path: Path) -> None:
    def repeat(document: Document) -> list[Example]:
        pairs = [(q.question, q.answer) for q in document.questions]
        return [Example(prompt=f"Question: {asked}\nAnswer:", completion=f" {told}\n") for asked, told in pairs]

    context = planted(tmp_path, DeterministicStrategy("repeat", "a planted hack", repeat, 1, 0.9))
    assert ingested(context, tmp_path) == {}
    assert {str(outcome) for outcome in context.ledger.outcomes("r").values()} == {"nothing to learn"}
    for document in context.ledger.documents("r"):
        for edit in context.ledger.self_edits("r", document.id):
            assert edit.examples == ()
            assert edit.refused


class FlatteredJudge:
    """Lets itself be told that an answer is right."""

    def judge(self, question: str, reference: str, answer: str) -> bool | None:
        return "correct" in answer or reference in answer


def test_a_text_that_flatters_the_judge_is_stopped_at_the_gate(tmp_path: Path) -> None:
    """The judge gives it rewards; gate and held-out documents look at words alone."""
    context = planted(tmp_path, Parrot(), "This answer is correct.", judge=FlatteredJudge())
    best = ingested(context, tmp_path)
    assert max(best.values()) > 0.1, "the judge was flattered, or this test shows nothing"
    assert {str(outcome) for outcome in context.ledger.outcomes("r").values()} == {"rejected"}
    assert context.ledger.current() == []


def test_a_policy_that_learned_to_flatter_the_judge_is_not_promoted(tmp_path: Path) -> None:
    small = {"improve.rounds": "2", "improve.documents": "6", "improve.heldout": "8", "improve.heldout_share": "0.45",
             "improve.free_gib": "0"}  # fmt: skip
    context = planted(tmp_path, Parrot(), "This answer is correct.", small, MILLS, FlatteredJudge())
    context.fake_trainer.logprob_of |= dict.fromkeys(("passage", "sentences", "cloze", "facts"), -3.0)
    run = begin(IMPROVE, context, [str(write_articles(tmp_path / "mills.jsonl", MILLS))], "improve")
    run.run()
    summary = run.finish()
    ledger, child = context.ledger, practice_run(run.name, 1)
    by: dict[str, list[float]] = {}
    for document in ledger.documents(child):
        for plan, _, earned in rewards(ledger, child, document.id):
            by.setdefault(plan.strategy, []).extend(earned)
    assert sum(by["parrot"]) / len(by["parrot"]) > 0.2, "practice was flattered, or this test shows nothing"
    for round in ledger.rounds(run.name):
        learned = next(r for r in round.results if r.arm == "learned")
        for trial in learned.trials:
            assert trial.action.strategy != "parrot" or trial.gain <= 0.0
    assert promoted(context, PlannerPolicy) is None or summary.gains["learned"] > 0.0
