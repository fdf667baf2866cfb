"""The router: which document a question is about, and that it reads and embeds no document twice."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.memory.routing import Router, chosen, passages_of
from agent.records import Adapter, Document
from tests.fakes.databases import start_python
from tests.fakes.embedder import FakeEmbedder

TOPICS = ("harbour bridge opens", "bees are counted", "a plant for memory chips", "the cup final", "rates go up")
QUESTIONS = ("Who opened the harbour bridge?", "What plant is it?", "Which bees are counted?", "What of the cup?")


def document_about(topic: str) -> Document:
    return Document.make(source="test", title=topic.title(), text=f"News of today. Now {topic}. More of it later.")


def adapter_of(document: Document) -> Adapter:
    return Adapter(id=f"adapter-{document.id}", candidate="c", document=document.id, title=document.title, base="tiny",
                   path="", run="r")  # fmt: skip


DOCUMENTS = [document_about(topic) for topic in TOPICS]
ADAPTERS = [adapter_of(document) for document in DOCUMENTS]


class Shelf:
    """Documents by id, with a list of those that were asked for."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, id: str) -> Document:
        self.read.append(id)
        return next(document for document in DOCUMENTS if document.id == id)


class CountingEmbedder(FakeEmbedder):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.texts += texts
        return super().embed(texts)


def plainly(question: str, documents: Sequence[Document]) -> list[float]:
    """The distances, computed from nothing."""
    (asked,) = FakeEmbedder().embed([question])
    nearest = [np.min(1 - np.asarray(FakeEmbedder().embed(passages_of(d))) @ np.asarray(asked)) for d in documents]
    return [float(distance) for distance in nearest]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "home" / "routing.npz"


def test_ranking_and_distances_are_those_of_the_nearest_passages(cache: Path) -> None:
    router = Router(FakeEmbedder(), cache)
    for question in QUESTIONS:
        ranked = router.route(question, ADAPTERS, Shelf())
        wanted = dict(zip([a.id for a in ADAPTERS], plainly(question, DOCUMENTS), strict=True))
        assert {a.id: d for a, d in ranked} == pytest.approx(wanted, abs=1e-12)
        assert [(d, a.id) for a, d in ranked] == sorted((d, a.id) for a, d in ranked)
    assert chosen(router.route(QUESTIONS[0], ADAPTERS, Shelf()), 1.0) == ADAPTERS[0]
    assert router.route_all(QUESTIONS, [], Shelf()) == [[]] * len(QUESTIONS)


OPENED: list[str] = []


def listen(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and str(arguments[0]).endswith(".npz"):
        OPENED.append(str(arguments[0]))


def test_the_second_question_reads_no_document_and_no_file(cache: Path) -> None:
    sys.addaudithook(listen)
    Router(FakeEmbedder(), cache).route(QUESTIONS[0], ADAPTERS[:2], Shelf())
    embedder, shelf = CountingEmbedder(), Shelf()
    router = Router(embedder, cache)
    OPENED.clear()
    first = router.route(QUESTIONS[0], ADAPTERS, shelf)
    assert shelf.read == [d.id for d in DOCUMENTS[2:]], "the file has the other two"
    assert [str(cache)] == OPENED
    for told in (shelf.read, OPENED, embedder.texts):
        told.clear()
    assert router.route(QUESTIONS[0], ADAPTERS, shelf) == first
    router.route(QUESTIONS[1], ADAPTERS, shelf)
    assert (shelf.read, OPENED, embedder.texts) == ([], [], [QUESTIONS[1]])


def test_what_is_published_or_taken_back_is_seen_by_the_next_question(cache: Path) -> None:
    router, shelf = Router(FakeEmbedder(), cache), Shelf()
    for places in ([0, 1], [0, 1, 2], [0, 2], [2], [1, 2], [4, 3, 2, 1, 0], [0, 1]):
        adapters = [ADAPTERS[place] for place in places]
        ranked = router.route(QUESTIONS[2], adapters, shelf)
        fresh = Router(FakeEmbedder(), cache.with_name("none.npz")).route(QUESTIONS[2], adapters, Shelf())
        assert ranked == fresh
        cache.with_name("none.npz").unlink()
    assert sorted(shelf.read) == sorted(d.id for d in DOCUMENTS), "none of them twice"


def test_questions_of_documents_beside_those_of_the_library(cache: Path) -> None:
    """As a run asks: general questions of one new document, then its own of the whole library."""
    router, shelf = Router(FakeEmbedder(), cache), Shelf()
    for document in DOCUMENTS:
        (row,) = router.distances(QUESTIONS[:1], [document.id], shelf)
        assert row == pytest.approx(plainly(QUESTIONS[0], [document]), abs=1e-12)
        assert len(router.route(QUESTIONS[0], ADAPTERS, shelf)) == len(ADAPTERS)
    assert sorted(shelf.read) == sorted(d.id for d in DOCUMENTS)


OTHER = """
import sys
from pathlib import Path
from agent.memory.routing import Router
from tests.agent.memory.test_routing import ADAPTERS, QUESTIONS, Shelf
from tests.fakes.embedder import FakeEmbedder
shelf = Shelf()
places = [int(place) for place in sys.argv[2:]]
ranked = Router(FakeEmbedder(), Path(sys.argv[1])).route(QUESTIONS[0], [ADAPTERS[p] for p in places], shelf)
print([(a.id, d) for a, d in ranked], len(shelf.read), sep="|")
"""


def test_a_document_that_another_process_embedded_is_not_read(cache: Path) -> None:
    router, shelf = Router(FakeEmbedder(), cache), Shelf()
    router.route(QUESTIONS[0], ADAPTERS[:1], shelf)
    out, err = start_python(OTHER, str(cache), "0", "1", "2").communicate(timeout=60)
    assert out.strip().endswith("|2"), out + err
    ranked = router.route(QUESTIONS[0], ADAPTERS[:3], shelf)
    assert shelf.read == [DOCUMENTS[0].id]
    assert str([(a.id, d) for a, d in ranked]) == out.partition("|")[0]
    router.route(QUESTIONS[0], ADAPTERS, shelf)
    out, err = start_python(OTHER, str(cache), "0", "1", "2", "3", "4").communicate(timeout=60)
    assert out.strip().endswith("|0"), f"what the other process wrote was kept, and added to: {out}{err}"


def test_two_processes_at_once_give_what_one_gives(cache: Path) -> None:
    processes = [start_python(OTHER, str(cache), *order) for order in ("01234", "43210", "20134")]
    answers = []
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        answers.append(out.partition("|")[0])
    assert len(set(answers)) == 1
    assert str([(a.id, d) for a, d in Router(FakeEmbedder(), cache).route(QUESTIONS[0], ADAPTERS, Shelf())]) in answers


def test_a_damaged_file_is_made_anew(cache: Path) -> None:
    whole = Router(FakeEmbedder(), cache).route(QUESTIONS[0], ADAPTERS, Shelf())
    stored, chance = cache.read_bytes(), random.Random(0)
    damages = [b"", b"junk", b"PK\3\4junk", stored[: len(stored) // 2], stored[len(stored) // 2 :]]
    for offset, value in ((8, 1), (10, 99)):  # of the directory's first entry: encrypted; packed in an unknown way
        place = stored.index(b"PK\1\2") + offset
        damages.append(stored[:place] + bytes([value]) + stored[place + 1 :])
    for _ in range(300):
        flipped = bytearray(stored)
        for _ in range(chance.choice((1, 2, 8))):
            flipped[chance.randrange(len(stored))] = chance.randrange(256)
        damages.append(bytes(flipped))
    for damage in damages:
        cache.write_bytes(damage)
        assert Router(FakeEmbedder(), cache).route(QUESTIONS[0], ADAPTERS, Shelf()) == whole
    shelf = Shelf()
    Router(FakeEmbedder(), cache).route(QUESTIONS[0], ADAPTERS, shelf)
    assert shelf.read == [], "the file is whole again"


def test_a_file_that_cannot_be_written_is_written_later(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file in place of the folder")
    shelf = Shelf()
    router = Router(FakeEmbedder(), tmp_path / "home" / "routing.npz")
    first = router.route(QUESTIONS[0], ADAPTERS, shelf)
    assert router.route(QUESTIONS[0], ADAPTERS, shelf) == first
    (tmp_path / "home").unlink()
    assert router.route(QUESTIONS[0], ADAPTERS, shelf) == first
    assert len(shelf.read) == len(DOCUMENTS)
    again = Shelf()
    assert Router(FakeEmbedder(), router.cache).route(QUESTIONS[0], ADAPTERS, again) == first
    assert again.read == [], "the vectors were kept as soon as that was possible"


def test_embedders_do_not_mix_in_one_file(cache: Path) -> None:
    Router(FakeEmbedder(), cache).route(QUESTIONS[0], ADAPTERS, Shelf())
    shelf = Shelf()
    Router(FakeEmbedder("other", size=32), cache).route(QUESTIONS[0], ADAPTERS, shelf)
    assert len(shelf.read) == len(DOCUMENTS)
    again = Shelf()
    Router(FakeEmbedder(), cache).route(QUESTIONS[0], ADAPTERS, again)
    assert again.read == []
