"""The memory: finds self-edits that worked on similar documents. An index over the ledger's winners, in Chroma."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from agent.errors import StoreError
from agent.memory.chroma import REBUILD, ChromaServer, in_folder
from agent.ports import Embedder
from agent.records import Document, Recalled, Winner, content_id

if TYPE_CHECKING:
    from chromadb import Collection
    from chromadb.api import ClientAPI

BATCH = 500
"""Winners per call. Chroma refuses calls with several thousand."""

_FORMAT = 2
"""What is kept of a winner: raised where it changes, so that what an older seal kept is not misread."""

# Wider than Chroma's own settings: among some thousand winners the search then misses nothing.
_INDEX = {"hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 200, "max_neighbors": 32}}


class ChromaMemory:
    """The `Memory` port over Chroma: a server where `url` is given, else embedded in the folder `path`.

    Making one opens nothing. Each embedder has its own collection, so vectors of two models never mix;
    after a change of embedder the memory is empty until it is rebuilt. Safe to share between threads;
    processes take turns.

    Raises:
        StoreError: from every method, where the store is damaged, in use by another process for too
            long, or cannot be reached. `rebuild` mends a damaged folder.
    """

    def __init__(self, path: Path | None, url: str | None, embedder: Embedder) -> None:
        if not url and path is None:
            raise ValueError("a memory needs a path or a url")
        self._chroma = ChromaServer(url) if url else in_folder(Path(path or "").resolve())
        self._embedder = embedder
        readable = re.sub("[^a-zA-Z0-9]+", "-", embedder.name)[:40].strip("-")
        self._name = f"winners-{readable}-{content_id(embedder.name, _FORMAT)[:8]}"

    def recall(self, document: Document, n: int, base: str) -> list[Recalled]:
        """Of the nearest 4n and their equals those with the best rank = gain * max(0, 1 - distance), the measured gain
        weighted by cosine similarity. Equal ranks come nearest first, then by candidate, so the answer does not depend
        on the order in which winners were added.
        """
        if n <= 0:
            return []
        others = {"$and": [{"document": {"$ne": document.id}}, {"base": base}]}
        vector = self._embed([document])[0]
        with self._chroma.open() as client:
            found = _nearest(self._collection(client), vector, others, 4 * n)
        return sorted(found, key=_rank)[:n]

    def rebuild(self, winners: Iterable[Winner]) -> int:
        """Empty the store, whatever state it is in, and fill it with these; return how many it holds then."""
        rows = self._rows(list({winner.candidate: winner for winner in winners}.values()))
        with self._chroma.emptied(self._name) as client:
            self._fill(client, rows)
            return self._collection(client).count()

    def sync(self, winners: Iterable[Winner]) -> None:
        """Cheap where nothing differs."""
        wanted = {winner.candidate: winner for winner in winners}
        with self._chroma.open() as client:
            held = set(self._collection(client).get(include=[])["ids"])
        new = [winner for id, winner in wanted.items() if id not in held]
        missing = self._rows(new) if new else []
        strange = sorted(held - wanted.keys())
        if missing or strange:
            with self._chroma.open(writes=True) as client:
                for start in range(0, len(strange), BATCH):
                    self._collection(client).delete(ids=strange[start : start + BATCH])
                self._fill(client, missing)

    def count(self) -> int:
        with self._chroma.open() as client:
            return self._collection(client).count()

    def _embed(self, texts: Sequence[Document | Winner]) -> list[list[float]]:
        return self._embedder.embed([f"{one.title}\n{one.text}" for one in texts])

    def _rows(self, winners: Sequence[Winner]) -> list[tuple[Winner, list[float]]]:
        """The winners with their vectors. Made before the store is opened, because this is what takes long."""
        return list(zip(winners, self._embed(winners), strict=True))

    def _fill(self, client: ClientAPI, rows: Sequence[tuple[Winner, list[float]]]) -> None:
        collection = self._collection(client)
        for start in range(0, len(rows), BATCH):
            winners, vectors = zip(*rows[start : start + BATCH], strict=True)
            told: Any = [{"document": w.document, "base": w.base, "winner": w.model_dump_json()} for w in winners]
            collection.upsert(ids=[w.candidate for w in winners], embeddings=list(vectors), metadatas=told)

    def _collection(self, client: ClientAPI) -> Collection:
        made: dict[str, Any] = {"configuration": _INDEX, "metadata": {"embedder": self._embedder.name}}
        return client.get_or_create_collection(self._name, embedding_function=None, **made)


def _rank(recalled: Recalled) -> tuple[float, float, str]:
    weighted = recalled.winner.gain * max(0.0, 1 - recalled.distance)
    return -weighted, recalled.distance, recalled.winner.candidate


def _nearest(collection: Collection, vector: list[float], which: dict[str, Any], wanted: int) -> list[Recalled]:
    """The `wanted` winners of a filter that are nearest to a vector, and all that are as near as the last of them.

    Winners of one document have one vector. Which of them a plain query returns would depend on the
    order in which they were added.
    """
    asked = 2 * wanted
    while True:
        found = _query(collection, vector, which, asked)
        if len(found) < asked or found[-1].distance > found[wanted - 1].distance:
            break
        asked *= 2
    return [one for one in found if one.distance <= found[min(wanted, len(found)) - 1].distance]


def _query(collection: Collection, vector: list[float], which: Any, n: int) -> list[Recalled]:
    embeddings: Any = [vector]
    answer = collection.query(query_embeddings=embeddings, n_results=n, where=which, include=["metadatas", "distances"])
    (metadatas,), (distances,) = answer["metadatas"] or [[]], answer["distances"] or [[]]
    # Rounded, so that vectors which are equal but for the last bits are equally near. Chroma's figures for one and
    # the same pair differ by up to 1e-6 with the way in which its index came to be.
    return [
        Recalled(winner=_winner(metadata["winner"]), distance=min(2.0, max(0.0, round(distance, 4))))
        for metadata, distance in zip(metadatas, distances, strict=True)
    ]


def _winner(text: Any) -> Winner:
    try:
        return Winner.model_validate_json(text)
    except ValidationError as error:
        raise StoreError("the memory holds a winner that this seal cannot read", REBUILD) from error
