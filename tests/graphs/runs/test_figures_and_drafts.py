"""A base or a champion without figures fails its document, and a resumed run does not write anew."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.errors import TrainerError
from agent.ports import Likelihood, Query
from agent.records import Candidate, Example
from tests.fakes.engine import FakeModel, FakeTrainer
from tests.fakes.house import FakeContext, known_answers, write_articles
from tests.graphs.ingesting import NeverTrains, came, ingest


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "articles.jsonl")


@pytest.mark.parametrize(("who", "said"), [("base", "the base"), ("mean", "the champion")])
def test_a_base_or_a_mean_without_figures_fails_its_document(who: str, said: str, tmp_path: Path, source: Path) -> None:
    means: list[Path] = []

    class Merging(FakeTrainer):
        def merge(self, members: Sequence[tuple[Candidate, Path]], folder: Path) -> None:
            means.append(folder)
            super().merge(members, folder)

    class Broken(FakeModel):
        def likelihoods(self, queries: Sequence[Query], completions: Sequence[str]) -> list[Likelihood]:
            found = super().likelihoods(queries, completions)
            return [self._broken(query, one) for query, one in zip(queries, found, strict=True)]

        def _broken(self, query: Query, found: Likelihood) -> Likelihood:
            broken = query.adapter in means if who == "mean" else query.adapter is None
            return Likelihood(math.nan, False) if broken else found

    context = FakeContext(tmp_path / "home", trainer=lambda _: Merging(), model=lambda _: Broken(known_answers()))
    ingest(context, source)
    assert came(context) == [f"failed: {said} answered with figures that are not numbers"] * 2
    assert context.ledger.current() == []
    assert context.ledger.winners() == []
    assert context.memory.count() == 0, "no text of a failed document is trained on later"


def test_a_writer_is_not_asked_again_where_the_checkpoints_are_lost(tmp_path: Path, source: Path) -> None:
    """It would write something else."""

    class Moody:
        name, description, needs_model, needs_english, epochs, prior = "cloze", "", False, True, 1, 1.0
        written = 0

        def write(self, *_: Any) -> list[Example]:
            Moody.written += 1
            return [Example(completion=f"Anna Moss runs it, I said {'well ' * Moody.written}.")]

    edits: list[list[str]] = []
    for goes_on in (False, True):
        context = FakeContext(
            tmp_path / "home", {"plan.strategies": '["cloze"]'}, strategies=lambda _: {"cloze": Moody()},
            trainer=lambda _: NeverTrains(TrainerError("not enough memory")),
        )  # fmt: skip
        with pytest.raises(TrainerError):
            ingest(context, source, goes_on=goes_on)
        edits.append([e.id for d in context.ledger.documents("r1") for e in context.ledger.self_edits("r1", d.id)])
        for path in context.config.home.glob("checkpoints.sqlite*"):
            path.unlink()
    assert edits[0] == edits[1]
    assert Moody.written == len(edits[0])
