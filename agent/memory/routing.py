"""Which adapter is a question about? The nearest document by embedding, or none where all are too far."""

from __future__ import annotations

import contextlib
import os
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from agent.files import PREFIX
from agent.ports import Embedder
from agent.records import Adapter, Document
from agent.text.normal import cut_at_stops, one_line

Ranked = list[tuple[Adapter, float]]
"""Adapters with their distances, nearest first."""


def chosen(ranked: Ranked, max_distance: float) -> Adapter | None:
    """The adapter that takes the question, or None where even the nearest is too far and the base does."""
    return ranked[0][0] if ranked and ranked[0][1] <= max_distance else None


def passages_of(document: Document) -> list[str]:
    """Each sentence behind the title, so that a question finds its document by a detail as well as by the topic."""
    return [f"{document.title}. {sentence}" for sentence in cut_at_stops(one_line(document.text))] or [document.title]


class Router:
    """Compares a question with the passages of the current adapters' documents.

    Document vectors are cached in one .npz file; it may be deleted at any time and is then made anew.
    """

    def __init__(self, embedder: Embedder, cache: Path) -> None:
        self.embedder, self.cache = embedder, cache
        # The general questions are asked of every document anew, so the vectors of the last questions are kept.
        self._asked = lru_cache(maxsize=1)(lambda questions: np.asarray(embedder.embed(list(questions))))

    def route(self, question: str, adapters: Sequence[Adapter], documents: Mapping[str, Document]) -> Ranked:
        """Adapters by cosine distance in [0, 2], nearest first; the order of equals is fixed."""
        return self.route_all([question], adapters, documents)[0]

    def route_all(
        self, questions: Sequence[str], adapters: Sequence[Adapter], documents: Mapping[str, Document]
    ) -> list[Ranked]:
        """What `route` gives for each question."""
        if not adapters:
            return [[] for _ in questions]
        found = self.distances(questions, [documents[a.document] for a in adapters])
        return [sorted(zip(adapters, row, strict=True), key=lambda pair: (pair[1], pair[0].id)) for row in found]

    def distances(self, questions: Sequence[str], documents: Sequence[Document]) -> list[list[float]]:
        """Cosine distance in [0, 2] of each question (rows) to the nearest passage of each document (columns)."""
        vectors = self._vectors(documents)
        asked = self._asked(tuple(questions))
        passages = [vectors[document.id] for document in documents]
        begins = np.cumsum([0, *(len(of_one) for of_one in passages[:-1])])
        found: list[list[float]] = np.minimum.reduceat(1 - asked @ np.vstack(passages).T, begins, axis=1).tolist()
        return found

    def _vectors(self, documents: Sequence[Document]) -> dict[str, np.ndarray]:
        known = self._load()
        missing = [document for document in documents if self._key(document) not in known]
        for document in missing:
            known[self._key(document)] = np.asarray(self.embedder.embed(passages_of(document)))
        if missing:
            self._save(known)
        return {d.id: known[self._key(d)] for d in documents}

    def _key(self, document: Document) -> str:
        return f"{self.embedder.name}/passages/{document.id}".replace("/", "|")

    def _load(self) -> dict[str, np.ndarray]:
        try:
            with np.load(self.cache, allow_pickle=False) as stored:
                return dict(stored)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):  # missing or damaged: it is only a cache
            return {}

    def _save(self, vectors: dict[str, np.ndarray]) -> None:
        """Keep the vectors where that is possible. Without the file they are made anew next time."""
        with contextlib.suppress(OSError):
            self.cache.parent.mkdir(parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(prefix=PREFIX, suffix=".npz", dir=self.cache.parent)
            os.close(handle)
            try:
                np.savez(draft, allow_pickle=False, **vectors)
                os.replace(draft, self.cache)
            finally:
                Path(draft).unlink(missing_ok=True)
