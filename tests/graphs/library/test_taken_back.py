"""What is taken back is taken out of dataset and memory as well, also where a process was killed in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from agent.errors import MissingPackage, SealError, StoreError
from agent.memory.winners import ChromaMemory
from agent.records import Adapter, Winner
from graphs.context import Context
from graphs.library.winners import follow, take_back
from tests.fakes.house import ARTICLES, FakeContext, write_articles
from tests.graphs.ingesting import ingest

FERRY = {**ARTICLES[1], "title": "Kestrel Raised", "text": str(ARTICLES[1]["text"]) + " Divers raised it in May."}


@pytest.fixture
def learned(tmp_path: Path) -> FakeContext:
    """Two documents, both published."""
    context = FakeContext(tmp_path / "home")
    ingest(context, write_articles(tmp_path / "articles.jsonl"))
    assert held(context) == {"dataset": 2, "memory": 2}
    return context


def held(context: FakeContext) -> dict[str, int]:
    return {"dataset": len(candidates_of(context)), "memory": context.memory.count()}


def candidates_of(context: FakeContext) -> list[str]:
    return [json.loads(line)["candidate"] for line in context.config.dataset_path.read_text().splitlines()]


@pytest.mark.parametrize("which", [lambda a: None, lambda a: a.id], ids=["pointer", "adapter"])
def test_a_rollback_takes_the_winner_out_of_dataset_and_memory(
    which: Callable[[Adapter], str | None], learned: FakeContext
) -> None:
    first, last = learned.ledger.current()
    assert take_back(learned, which(last), "made up a name") == [last]
    assert candidates_of(learned) == [first.candidate]
    documents = learned.ledger.documents()
    recalled = [learned.memory.recall(d, 3, "packaged") for d in documents]
    assert {r.winner.candidate for found in recalled for r in found} == {first.candidate}
    assert learned.memory.rebuild(learned.ledger.winners()) == 1
    assert [learned.memory.recall(d, 3, "packaged") for d in documents] == recalled
    take_back(learned, None, "this one too")
    assert held(learned) == {"dataset": 0, "memory": 0}


def test_what_a_killed_rollback_left_behind_is_gone_before_anything_is_learned(
    tmp_path: Path, learned: FakeContext
) -> None:
    taken = learned.ledger.rollback(None, "and here the process was killed")
    assert held(learned) == {"dataset": 2, "memory": 2}
    ingest(learned, write_articles(tmp_path / "more.jsonl", [FERRY]), run="r2")
    (recall,) = [e.data["recalled"] for e in learned.ledger.events("r2") if e.step == "recall"]
    assert taken[0].title not in {r["title"] for r in recall}
    assert held(learned) == {"dataset": 2, "memory": 2}
    assert taken[0].candidate not in candidates_of(learned)


def with_memory(learned: FakeContext, kind: type[ChromaMemory]) -> FakeContext:
    """The same home with another memory over its folder."""

    def opened(context: Context) -> ChromaMemory:
        return kind(context.config.memory_dir, None, context.embedder)

    return FakeContext(learned.config.home, memory=opened)


@pytest.mark.parametrize("kind", [StoreError, MissingPackage])
def test_a_memory_that_fails_does_not_hide_that_the_rollback_is_done(
    kind: type[SealError], learned: FakeContext
) -> None:
    class Broken(ChromaMemory):
        def sync(self, winners: Iterable[Winner]) -> None:
            raise kind("the memory is damaged")

    context = with_memory(learned, Broken)
    last = context.ledger.current()[-1]
    with pytest.raises(StoreError, match=f"taken back: {last.id}.*the memory is damaged") as raised:
        take_back(context, None, "x")
    assert "do not roll back again" in raised.value.mend
    assert last not in context.ledger.current()


def test_a_rollback_while_the_dataset_is_written_is_seen(learned: FakeContext) -> None:
    taken: list[Adapter] = []

    class Interrupted(ChromaMemory):
        def sync(self, winners: Iterable[Winner]) -> None:
            if not taken:
                taken.extend(learned.ledger.rollback(None, "by another process"))
            super().sync(winners)

    follow(with_memory(learned, Interrupted))
    assert held(learned) == {"dataset": 1, "memory": 1}
    assert taken[0].candidate not in candidates_of(learned)
