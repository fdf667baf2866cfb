"""`seal demo`: the main job on the packaged model and the bundled sample feed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

import typer

from agent.config import Config
from app.commands.ingest import end, learn
from app.report import show_summary
from app.session import alone, configured, emit, insisted

HOME = Path("~/.seal-demo")


def run(home: Path | None, file: Path | None, overrides: Sequence[str], as_json: bool) -> None:
    """Without --home every demo starts afresh in a folder of its own, in which only the converted model is kept."""
    config = configured(home or HOME, file, overrides)
    typer.secho(f"learning the sample feed with the model {config.model.name!r} in {config.home}", err=True)
    with alone(config.home), as_file(files("app").joinpath("data/sample_feed.json")) as feed:
        if home is None:
            _forget(config)
        summary = learn(config, [str(feed)], insists=insisted(overrides))
    if as_json:
        emit(summary)
    else:
        show_summary(summary)
        right = [row["question"] for row in summary["answers"] if row["right_after"] and row["adapter"]]
        if right:
            typer.secho(f'\nAsk it yourself:  seal ask "{right[0]}" --home {config.home}', err=True)
    end(summary)


def _forget(config: Config) -> None:
    for path in config.home.iterdir() if config.home.is_dir() else ():
        if path.is_dir() and path != config.models_dir:
            shutil.rmtree(path)
        elif path.is_file() and path.suffix != ".lock":  # who waits for a lock waits for this very file
            path.unlink()
