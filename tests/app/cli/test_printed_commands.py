"""What seal tells a person to type can be typed, and what a person types about seal itself works."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.main import app
from app.cli.session import command
from tests.app.fake_seal import Seal, use_fake


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
    assert command("trace r1", tmp_path / "a b") == f"{typed} trace r1 --home '{tmp_path}/a b'"
    assert command("trace r1", Path("~/.seal").expanduser().resolve()) == command("trace r1") == f"{typed} trace r1"


def test_the_report_and_the_demo_name_the_home(seal: Seal, articles: Path) -> None:
    run = seal.ingest(articles)["run"]
    shown = seal("ingest", "--resume", run).stdout
    assert f"Details: seal trace {run} --home {seal.home}\n" in shown


def test_the_demo_works_where_set_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cli.commands.demo.HOME", tmp_path / "own")
    use_fake(monkeypatch)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    done = CliRunner().invoke(app, ["demo", "--set", f"home={tmp_path / 'mine'}"])
    assert f"in {tmp_path / 'mine'}\n" in done.stderr
    assert (tmp_path / "mine" / "ledger.sqlite").exists()
    assert (tmp_path / "mine" / "notes.txt").exists(), "only its own home is begun afresh"
    assert not (tmp_path / "own").exists()


def test_version(seal: Seal) -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"seal {version('seal')}\n")
