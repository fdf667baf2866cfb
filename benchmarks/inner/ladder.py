"""Ours built up step by step: what each step of it is worth."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from agent.records import TrainSettings
from benchmarks.inner.batched import Batched
from benchmarks.inner.cost import Cost, Method
from benchmarks.inner.workload import Work
from seal_train.model.base import load_base
from seal_train.model.layout import Layout


class Padded(Batched):
    """K candidates at once in a batch as wide as its longest row."""

    def run(self, work: Sequence[Work], settings: TrainSettings, folder: Path) -> Cost:
        def padded(lengths: Sequence[int]) -> Layout:
            return Layout(tuple(lengths), max(lengths))

        with patch.object(Layout, "of", padded):
            return super().run(work, settings, folder)


def rungs(options: argparse.Namespace) -> list[tuple[str, Method, int]]:
    """What comes before ours, as turns: all in float32, so that the last step to ours is its number type."""
    wide = load_base(options.model, options.models, options.device, "float32")
    return [
        ("float32, one by one", Batched(wide), 1),
        ("float32, at once, padded", Padded(wide), options.candidates),
        ("float32, at once", Batched(wide), options.candidates),
    ]
