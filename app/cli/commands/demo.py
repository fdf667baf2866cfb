"""`seal demo`: the main job on the packaged model and the bundled sample feed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

import typer

from agent.config import Config
from app.cli.commands.ingest import learn
from app.cli.session import Session, alone
from app.show.report import show_summary
from graphs.views.summary import Summary

HOME = Path("~/.seal-demo")


def run(session: Session) -> None:
    """Learn a sample feed; show each question before and after.

    Needs no key, no server and no GPU. Without --home it works in ~/.seal-demo and starts afresh each time.
    """
    own = session.home is None and "home" not in session.insisted
    session = replace(session, home=HOME) if own else session
    config = session.config
    typer.secho(f"learning the sample feed with the model {config.model.name!r} in {config.home}", err=True)
    with alone(config.home), as_file(files("app").joinpath("data/sample_feed.json")) as feed:
        if own:
            _forget(config)
        summary, code = learn(session, [str(feed)])
    session.tell(summary, lambda: _show(session, summary))
    if code:
        raise typer.Exit(code)


def _show(session: Session, summary: Summary) -> None:
    show_summary(summary, session.command)
    right = [row.question for row in summary.answers if row.right_after and row.adapter]
    if right:
        typer.secho("\nAsk it yourself:  " + session.command(f'ask "{right[0]}"'), err=True)


def _forget(config: Config) -> None:
    for path in config.home.iterdir() if config.home.is_dir() else ():
        if path.is_dir() and path != config.models_dir:
            shutil.rmtree(path)
        elif path.is_file() and path.suffix != ".lock":  # who waits for a lock waits for this very file
            path.unlink()
