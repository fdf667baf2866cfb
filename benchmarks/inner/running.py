"""What the benchmarks of the inner loop share: their options, the model, a progress bar."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.config.sections import DEFAULT_HOME
from agent.records import TrainSettings
from seal_train.model.base import PACKAGED, Base, load_base, packaged_model


def model_options(p: argparse.ArgumentParser) -> None:
    p.add_argument("--epochs", type=int, default=10, help="passes over a self-edit; SEAL's setting")
    p.add_argument("--rank", type=int, default=32, help="SEAL's setting")
    p.add_argument("--alpha", type=float, default=64.0, help="SEAL's setting")
    p.add_argument("--learning-rate", type=float, default=1e-3, help="SEAL's setting")
    p.add_argument("--model", default=PACKAGED, help="the packaged model, a folder or a hub name")
    p.add_argument("--models", type=Path, default=DEFAULT_HOME.expanduser() / "models", help="of the packaged model")
    p.add_argument("--device", default="auto")
    p.add_argument("--dtype", default="auto", help="auto, float32, bfloat16 or mixed")
    p.add_argument("--json", action="store_true", help="one JSON object instead of the table")


def settings_of(options: argparse.Namespace) -> TrainSettings:
    return TrainSettings(
        rank=options.rank, alpha=options.alpha, learning_rate=options.learning_rate, epochs=options.epochs, seed=0
    )


def loaded(options: argparse.Namespace) -> tuple[Base, str]:
    """The base, and where other trainers find the same model: a folder or a hub name."""
    base = load_base(options.model, options.models, options.device, options.dtype)
    return base, str(packaged_model(options.models)) if options.model == PACKAGED else options.model


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """A bar on stderr. Call what it gives with the name of each turn that begins."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)
        done = iter(range(total))
        yield lambda what: bar.update(task, description=what, completed=next(done))
        bar.update(task, description="done", completed=total)
