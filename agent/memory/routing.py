"""Which adapter is a question about? The nearest document by embedding, or none where all are too far."""

from __future__ import annotations

import contextlib
import os
import threading
import zipfile
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from agent.files import whole_file
from agent.ports import Embedder
from agent.records import Adapter, Document
from agent.text.normal import cut_at_stops, one_line

Reading = Callable[[str], Document]
"""The document of an id."""
Ranked = list[tuple[Adapter, float]]
"""Adapters with their distances, nearest first."""
DAMAGE = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile)
"""What NumPy raises for a file that is missing or damaged."""


def chosen(ranked: Ranked, max_distance: float) -> Adapter | None:
    """The adapter that takes the question, or None where even the nearest is too far and the base does."""
    return ranked[0][0] if ranked and ranked[0][1] <= max_distance else None


def passages_of(document: Document) -> list[str]:
    """Each sentence behind the title, so that a question finds its document by a detail as well as by the topic."""
    return [f"{document.title}. {sentence}" for sentence in cut_at_stops(one_line(document.text))] or [document.title]


class Router:
    """Compares a question with the passages of the current adapters' documents. Threads may share one.

    Documents are embedded once. Their vectors stay in memory and in one .npz file, which is read again only where a
    document is new and another process has written the file since. It may be deleted at any time.

    Documents are named by their ids; `document` reads one, and is asked only for those that have no vectors yet.
    """

    def __init__(self, embedder: Embedder, cache: Path) -> None:
        self.embedder, self.cache = embedder, cache
        self._known: dict[str, np.ndarray] = {}
        self._kept = True
        self._seen: tuple[int, ...] = ()
        self._index: tuple[tuple[str, ...], np.ndarray, np.ndarray] | None = None
        self._lock = threading.Lock()
        # The same general questions are asked of every document, so the vectors of the last questions are kept.
        self._asked = lru_cache(maxsize=1)(lambda questions: np.asarray(embedder.embed(list(questions))))

    def route(self, question: str, adapters: Sequence[Adapter], document: Reading) -> Ranked:
        """Adapters by cosine distance in [0, 2], nearest first; the order of equals is fixed."""
        return self.route_all([question], adapters, document)[0]

    def route_all(self, questions: Sequence[str], adapters: Sequence[Adapter], document: Reading) -> list[Ranked]:
        """What `route` gives for each question."""
        if not adapters:
            return [[] for _ in questions]
        found = self.distances(questions, [a.document for a in adapters], document)
        return [sorted(zip(adapters, row, strict=True), key=lambda pair: (pair[1], pair[0].id)) for row in found]

    def distances(self, questions: Sequence[str], documents: Sequence[str], document: Reading) -> list[list[float]]:
        """Cosine distance in [0, 2] of each question (rows) to the nearest passage of each document (columns)."""
        asked = self._asked(tuple(questions))
        with self._lock:
            passages, begins = self._passages(tuple(documents), document)
        found: list[list[float]] = np.minimum.reduceat(1 - asked @ passages.T, begins, axis=1).tolist()
        return found

    def _passages(self, documents: tuple[str, ...], document: Reading) -> tuple[np.ndarray, np.ndarray]:
        """The vectors of all passages of these documents, and where each document's begin."""
        if self._index is None or self._index[0] != documents or not self._kept:
            vectors = self._vectors(documents, document)
            begins = np.cumsum([0, *(len(of_one) for of_one in vectors[:-1])])
            self._index = documents, np.vstack(vectors), begins
        return self._index[1:]

    def _vectors(self, documents: Sequence[str], document: Reading) -> list[np.ndarray]:
        keys = {self._key(id): id for id in documents}
        if keys.keys() - self._known.keys():
            self._load()
        missing = [key for key in keys if key not in self._known]
        for key in missing:
            self._known[key] = np.asarray(self.embedder.embed(passages_of(document(keys[key]))))
        if missing or not self._kept:
            self._save()
        return [self._known[self._key(id)] for id in documents]

    def _key(self, document: str) -> str:
        return f"{self.embedder.name}/passages/{document}".replace("/", "|")

    def _load(self) -> None:
        """Read the file, where it is another one than was read or written here last."""
        with contextlib.suppress(*DAMAGE), self.cache.open("rb") as file:
            seen = _which(file.fileno())
            if seen != self._seen:
                self._seen = seen
                with np.load(file, allow_pickle=False) as stored:
                    self._known |= stored

    def _save(self) -> None:
        """Keep the vectors where that is possible, else try again with the next question."""
        self._kept = False
        with contextlib.suppress(OSError):
            with whole_file(self.cache) as file:
                np.savez(file, allow_pickle=False, **self._known)
                file.flush()
                self._seen = _which(file.fileno())
            self._kept = True


def _which(handle: int) -> tuple[int, ...]:
    """What tells a file from the one that took its place."""
    found = os.fstat(handle)
    return found.st_ino, found.st_size, found.st_mtime_ns
