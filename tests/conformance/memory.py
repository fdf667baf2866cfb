"""What every implementation of the `Memory` port must do.

Inherit, and define a fixture `memory` that is empty and uses `FakeEmbedder`.
"""

from __future__ import annotations

import random
import threading

import pytest

from agent.config.sections import TrainConfig
from agent.ports import Memory
from agent.records import Document, Recalled, Winner

TOPICS = ("harbour bridge mayor opening", "wild bees valley count", "memory chips plant airport")


def winner(name: str, text: str, gain: float = 0.5, document: str = "", base: str = "tiny") -> Winner:
    return Winner(
        candidate=f"candidate-{name}", base=base, document=document or f"document-{name}", title=f"Title {name}",
        text=text, self_edit=f"edit-{name}", strategy="sentences", instruction="",
        settings=TrainConfig().settings(epochs=5, seed=3), reward=gain, gain=gain,
    )  # fmt: skip


def many_winners(count: int, seed: int = 0) -> list[Winner]:
    """Winners over a few topics, three of each document; many have equal gains and equal vectors."""
    rng = random.Random(seed)
    made: list[Winner] = []
    for n in range(count):
        number = n // 3
        text = f"{TOPICS[number % 3]} {rng.choice('abcdefgh')}" if n % 3 == 0 else made[-1].text
        made.append(winner(str(n), text, rng.choice([0.25, 0.5, 0.75]), f"document-{number}"))
        made[-1] = made[-1].model_copy(update={"title": f"Title {number}"})
    return made


def queries() -> list[Document]:
    return [Document.make(f"News {n}", f"{topic} news of today") for n, topic in enumerate(TOPICS)]


def names(recalled: list[Recalled]) -> list[str]:
    return [one.winner.candidate.removeprefix("candidate-") for one in recalled]


class MemoryConformance:
    def test_empty_memory_recalls_nothing(self, memory: Memory) -> None:
        assert memory.count() == 0
        assert memory.recall(queries()[0], 3, "tiny") == []

    def test_winner_comes_back_whole(self, memory: Memory) -> None:
        kept = winner("a", 'nul \x00, quote \' " \\, emoji 🙂 日本語\n{"json": null}').model_copy(
            update={"instruction": "line\nline", "gain": 0.1 + 0.2}
        )
        memory.sync([kept])
        (recalled,) = memory.recall(queries()[0], 3, "tiny")
        assert recalled.winner == kept
        assert 0 <= recalled.distance <= 2

    def test_adding_again_changes_nothing(self, memory: Memory) -> None:
        for _ in range(3):
            memory.sync([winner("a", TOPICS[0])])
        memory.sync([winner("a", TOPICS[0]), winner("b", TOPICS[0])])
        assert memory.count() == 2
        assert names(memory.recall(queries()[0], 5, "tiny")) == ["a", "b"]

    def test_winners_of_the_document_itself_are_never_recalled(self, memory: Memory) -> None:
        document = queries()[0]
        own = [winner(f"own-{n}", document.text, gain=0.9, document=document.id) for n in range(6)]
        memory.sync([*own, winner("other", TOPICS[1], gain=0.1)])
        assert names(memory.recall(document, 3, "tiny")) == ["other"]

    def test_only_winners_of_the_same_base_are_recalled(self, memory: Memory) -> None:
        winners = [
            winner(f"{base}-{n}", TOPICS[0], 0.9 - n / 10, base=base) for n in range(6) for base in ("tiny", "big")
        ]
        memory.sync(winners)
        for _ in range(2):
            assert names(memory.recall(queries()[0], 2, "tiny")) == ["tiny-0", "tiny-1"]
            assert names(memory.recall(queries()[0], 20, "big")) == [f"big-{n}" for n in range(6)]
            assert memory.recall(queries()[0], 2, "other") == []
            memory.rebuild(reversed(winners))

    @pytest.mark.parametrize("n", [0, 1, 3, 50])
    def test_at_most_n(self, memory: Memory, n: int) -> None:
        memory.rebuild(many_winners(12))
        assert len(memory.recall(queries()[0], n, "tiny")) == min(n, 12)

    def test_among_equally_near_ones_the_greater_gain_comes_first(self, memory: Memory) -> None:
        gains = {"low": 0.2, "high": 0.9, "middle": 0.5}
        memory.sync(winner(n, TOPICS[0], gain).model_copy(update={"title": "same"}) for n, gain in gains.items())
        assert names(memory.recall(queries()[0], 3, "tiny")) == ["high", "middle", "low"]

    def test_rank_is_gain_times_similarity(self, memory: Memory) -> None:
        memory.rebuild(many_winners(60))
        for query in queries():
            ranks = [one.winner.gain * (1 - one.distance) for one in memory.recall(query, 10, "tiny")]
            assert ranks == sorted(ranks, reverse=True)

    def test_distance_is_cosine_distance(self, memory: Memory) -> None:
        memory.sync([winner("x", "one two").model_copy(update={"title": "three"})])
        (far,) = memory.recall(Document.make("four", "five six"), 1, "tiny")
        (near,) = memory.recall(Document.make("three", "two one"), 1, "tiny")
        (half,) = memory.recall(Document.make("three", "one one one"), 1, "tiny")
        assert far.distance == pytest.approx(1, abs=1e-4)
        assert near.distance == pytest.approx(0, abs=1e-4)
        assert half.distance == pytest.approx(1 - 4 / (3**0.5 * 10**0.5), abs=1e-4)

    def test_great_gain_far_away_does_not_beat_the_nearest(self, memory: Memory) -> None:
        """The nearest 4n compete, so with n = 1 a fifth neighbour is not considered, with n = 2 it is."""
        far = winner("far", "harbour and many other words that the news does not have", gain=50.0)
        memory.sync([far, *(winner(str(n), TOPICS[0], gain=0.1 + n / 100) for n in range(4))])
        assert names(memory.recall(queries()[0], 1, "tiny")) == ["3"]
        assert names(memory.recall(queries()[0], 2, "tiny")) == ["far", "3"]

    def test_rebuild_gives_the_same_answers(self, memory: Memory) -> None:
        winners = many_winners(45)
        for n in range(1, len(winners) + 1):
            memory.sync(winners[:n])
        before = [memory.recall(query, n, "tiny") for query in queries() for n in (1, 3, 10)]
        for seed in range(2):
            random.Random(seed).shuffle(winners)
            assert memory.rebuild(iter(winners)) == memory.count() == 45
            assert [memory.recall(query, n, "tiny") for query in queries() for n in (1, 3, 10)] == before

    def test_all_winners_of_a_near_document_compete(self, memory: Memory) -> None:
        """They are equally near: which of them counts as one of the nearest must not hang on their order."""
        winners = [winner(str(n), TOPICS[0], gain=n / 100, document="one") for n in range(1, 31)]
        winners = [one.model_copy(update={"title": "same"}) for one in winners]
        for order in (winners, winners[::-1]):
            memory.rebuild(order)
            assert names(memory.recall(queries()[0], 1, "tiny")) == ["30"]

    def test_rebuild_drops_what_is_not_given(self, memory: Memory) -> None:
        memory.rebuild(many_winners(9))
        assert memory.rebuild([winner("a", TOPICS[0])]) == 1
        assert names(memory.recall(queries()[0], 9, "tiny")) == ["a"]
        assert memory.rebuild([]) == memory.count() == 0
        memory.sync([winner("b", TOPICS[0])])
        assert names(memory.recall(queries()[0], 9, "tiny")) == ["b"]

    def test_sync_forgets_and_adds_and_gives_the_same_as_rebuild(self, memory: Memory) -> None:
        winners = many_winners(30)
        memory.rebuild(winners[:20])
        for wanted in (winners[10:], winners[10:], winners[:3], [], winners):
            memory.sync(iter(wanted))
            assert memory.count() == len(wanted)
            synced = [memory.recall(query, n, "tiny") for query in queries() for n in (1, 3, 10)]
            memory.rebuild(wanted)
            assert [memory.recall(query, n, "tiny") for query in queries() for n in (1, 3, 10)] == synced

    def test_threads_sync_and_recall_at_once(self, memory: Memory) -> None:
        failed: list[BaseException] = []
        winners = many_winners(16)

        def work() -> None:
            try:
                for n in range(4):
                    memory.sync(winners)
                    assert memory.recall(queries()[n % 3], 2, "tiny")
            except BaseException as error:
                failed.append(error)
                raise

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed
        assert memory.count() == 16
