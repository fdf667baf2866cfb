"""`seal demo`: the main job on the packaged model and the bundled sample feed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

import typer

from app.commands.ingest import execute
from app.report import show_summary
from app.session import configured, emit


def run(home: Path | None, file: Path | None, overrides: Sequence[str], as_json: bool) -> None:
    """Without --home everything but the converted model goes to a folder of its own, so that every demo starts fresh."""
    config = configured(home or Path(tempfile.mkdtemp(prefix="seal-demo-")), file, overrides)
    typer.secho(f"learning the sample feed with the model {config.model.name!r} in {config.home}", err=True)
    with as_file(files("app").joinpath("data/sample_feed.json")) as feed:
        summary = execute(config, [str(feed)])
    if as_json:
        emit(summary)
        return
    show_summary(summary)
    title = summary["answers"][0]["question"] if summary["answers"] else ""
    typer.echo(f'\nAsk it yourself:  seal ask "{title}" --home {config.home}', err=True)
