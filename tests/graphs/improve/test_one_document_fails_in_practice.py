"""What a document raises in practice or in a test fails it there; the round comes to its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.ports import Progress, TrainJob
from graphs.runs.flows import IMPROVE
from graphs.runs.life import begin
from tests.fakes.engine import FakeTrainer
from tests.fakes.house import FakeContext, mills, write_articles

ARTICLES = mills(12)
SMALL = {
    "probe.parsed": "false", "probe.cloze": "false", "plan.strategies": '["passage", "sentences"]',
    "improve.rounds": "1", "improve.documents": "4", "improve.self_edits": "2", "improve.heldout": "4",
    "improve.heldout_share": "0.5", "improve.free_gib": "0",
}  # fmt: skip


class Stumbles(FakeTrainer):
    """Over the first document of each run."""

    def __init__(self) -> None:
        super().__init__()
        self.stumbled: dict[str, str] = {}

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> Any:
        candidate = jobs[0].candidate
        if self.stumbled.setdefault(candidate.run, candidate.document) == candidate.document:
            raise IndexError("no such token")
        return super().train(jobs, progress)


def test_the_round_comes_to_its_verdict(tmp_path: Path) -> None:
    trainer = Stumbles()
    context = FakeContext(tmp_path / "home", SMALL, articles=ARTICLES, trainer=lambda _: trainer)
    life = begin(IMPROVE, context, [str(write_articles(tmp_path / "articles.jsonl", ARTICLES))], "improve")
    life.run()
    assert life.finish().rounds == 1
    assert [name.rpartition(".")[2] for name in trainer.stumbled] == ["practice", "held-out"]
    for run, document in trainer.stumbled.items():
        outcomes = context.ledger.outcomes(run)
        assert str(outcomes.pop(document)).startswith("failed: IndexError: no such token (in ")
        assert {str(outcome) for outcome in outcomes.values()} == {"measured"}
    (round,) = context.ledger.rounds("run-1")
    assert round.refused == 1
