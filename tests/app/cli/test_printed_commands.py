"""What seal tells a person to type can be typed, and what a person types about seal itself works."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.main import app
from app.cli.session import Session
from tests.app.fake_seal import Seal, StoppedTrainer
from tests.app.improving import ARTICLES, SMALL, practising
from tests.fakes.house import fake_makers, write_articles


@pytest.mark.parametrize(
    ("called", "typed"),
    [(".venv/bin/seal", ".venv/bin/seal"), ("my tools/seal", "'my tools/seal'"), ("pytest", "seal"), ("PATH", "seal")],
)
def test_commands_are_printed_as_they_can_be_typed(
    called: str, typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "seal"
    program.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.argv", [str(program) if called == "PATH" else called])
    assert Session(tmp_path / "a b").command("trace r1") == f"{typed} trace r1 --home '{tmp_path}/a b'"
    for home in (Path("~/.seal").expanduser().resolve(), None):
        assert Session(home).command("trace r1") == f"{typed} trace r1"


def test_the_report_and_the_demo_name_the_home(seal: Seal, articles: Path) -> None:
    run = seal.ingest(articles)["run"]
    shown = seal("ingest", "--resume", run).stdout
    assert f"Details: seal trace {run} --home {seal.home}\n" in shown


def test_the_configuration_file_is_named_from_wherever_it_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my own.toml").touch()
    told = Session(tmp_path, Path("my own.toml")).command("trace r1")
    assert told == f"seal trace r1 --home {tmp_path} --config '{tmp_path}/my own.toml'"


def test_errors_status_and_report_repeat_the_configuration_file(seal: Seal, articles: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text("ask.max_distance = 0.9\n")
    given = ("--config", file)
    stopped = seal.made_by(trainer=StoppedTrainer.make)("ingest", articles, *given)
    run, at = seal.context().ledger.runs()[0].id, f" --home {seal.home} --config {file}\n"
    for told in (stopped.stderr, seal("status", *given).stdout):
        assert f"seal ingest --resume {run}{at}" in told
    assert f"Details: seal trace {run}{at}" in seal("ingest", articles, *given).stdout


def test_trace_names_the_file_with_the_runs_of_each_round(tmp_path: Path) -> None:
    seal, file = practising(tmp_path / "home"), tmp_path / "other.toml"
    file.write_text("improve.seeds = 1\n")
    source = write_articles(tmp_path / "mills.jsonl", ARTICLES)
    run = seal.json("improve", source, *SMALL, "--rounds", "1", "--config", file)["run"]
    shown = seal("trace", run, "--config", file, width=400).stdout
    assert f"seal trace {run}.1.practice --home {seal.home} --config {file}\n" in shown


def test_the_demo_works_where_set_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    done = CliRunner().invoke(app, ["demo", "--set", f"home={tmp_path / 'mine'}"], obj=fake_makers())
    assert f"in {tmp_path / 'mine'}\n" in done.stderr
    assert (tmp_path / "mine" / "ledger.sqlite").exists()
    assert (tmp_path / "mine" / "notes.txt").exists(), "only its own home is begun afresh"
    assert not (tmp_path / ".seal-demo").exists()


def test_version(seal: Seal) -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"seal {version('seal')}\n")
