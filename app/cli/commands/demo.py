"""`seal demo`: the main job on the packaged model and the bundled sample feed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

import typer

from agent.config import Config
from app.cli.commands.ingest import learn
from app.cli.session import alone, command, configured, emit, insisted
from app.show.report import show_summary

HOME = Path("~/.seal-demo")


def run(home: Path | None, file: Path | None, overrides: Sequence[str], as_json: bool) -> None:
    """Without --home every demo starts afresh in a folder of its own, in which only the converted model is kept."""
    own = home is None and "home" not in insisted(overrides)
    config = configured(HOME if own else home, file, overrides)
    typer.secho(f"learning the sample feed with the model {config.model.name!r} in {config.home}", err=True)
    with alone(config.home), as_file(files("app").joinpath("data/sample_feed.json")) as feed:
        if own:
            _forget(config)
        summary, code = learn(config, [str(feed)], insists=insisted(overrides))
    if as_json:
        emit(summary)
    else:
        show_summary(summary)
        right = [row["question"] for row in summary["answers"] if row["right_after"] and row["adapter"]]
        if right:
            typer.secho("\nAsk it yourself:  " + command(f'ask "{right[0]}"', config.home), err=True)
    if code:
        raise typer.Exit(code)


def _forget(config: Config) -> None:
    for path in config.home.iterdir() if config.home.is_dir() else ():
        if path.is_dir() and path != config.models_dir:
            shutil.rmtree(path)
        elif path.is_file() and path.suffix != ".lock":  # who waits for a lock waits for this very file
            path.unlink()
