"""A deterministic embedder without a model: hashed bags of words, so that texts with common words are near."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence


class FakeEmbedder:
    """The `Embedder` port. Each word adds one to one of `size` places; vectors have length 1."""

    def __init__(self, name: str = "fake", size: int = 64) -> None:
        self.name = name
        self._size = size

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._embed(text) for text in texts]

    def _embed(self, text: str) -> list[float]:
        vector = [0.0] * self._size
        for word in re.findall(r"\w+", text.lower()) or [""]:
            digest = hashlib.sha256(word.encode()).digest()
            vector[int.from_bytes(digest[:4], "big") % self._size] += 1.0
        length = math.sqrt(sum(value * value for value in vector))
        return [value / length for value in vector]
