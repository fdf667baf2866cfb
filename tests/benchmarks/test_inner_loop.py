"""The benchmark of the inner loop, over a tiny model: every method runs, and ours does what PEFT does."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from typer.testing import CliRunner

from agent.errors import ConfigError
from app.cli.main import app
from benchmarks import inner_loop, ranking
from benchmarks.inner.batched import Batched
from benchmarks.inner.cost import PHASES
from benchmarks.inner.show import table
from benchmarks.inner.workload import from_file, synthetic
from benchmarks.inner_loop import main
from tests.fakes.models import save_tiny

METHODS = {Batched.name, "PEFT one by one", "SEAL, not padded", "SEAL as shipped", "TRL SFTTrainer"}
LADDER = {"float32, one by one", "float32, at once, padded", "float32, at once"}
SELF_EDIT = {
    "title": "The Mill",
    "text": "The mill at Orrin opened on 4 March 2031.",
    "completions": ["1. The mill is at Orrin.\n\n2. It opened in March."],
    "questions": [{"question": "Where is the mill?", "answer": "Orrin"}],
}


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    model = save_tiny("llama", tmp_path / "tiny", torch.float32)

    def go(*arguments: str) -> str:
        tiny = ["--model", str(model), "--dtype", "float32", "--device", "cpu", "--epochs", "1", "--rank", "4"]
        main([*tiny, "--repeats", "1", *arguments])
        return capsys.readouterr().out

    return go


@pytest.mark.slow
def test_every_method_runs_and_ours_trains_what_peft_does(bench: Callable[..., str]) -> None:
    found: dict[str, Any] = json.loads(
        bench("--candidates", "3", "--others", "2", "--sweep", "1", "--ladder", "--json")
    )
    assert found["methods"].keys() == METHODS | {"K = 1"} | LADDER
    for row in found["methods"].values():
        assert row["candidates_per_hour"] > 0
        assert row["seconds"].keys() == set(PHASES)
        assert min(row["seconds"].values()) > 0
    assert found["methods"]["SEAL as shipped"]["steps_timed"] < 1 == found["methods"]["SEAL, not padded"]["steps_timed"]
    ours = found["candidates_per_hour"]
    assert found["ratio_vs_warm_peft"] == pytest.approx(ours[Batched.name] / ours["PEFT one by one"], rel=0.01)
    assert 0 < found["matmul_share"] < 1
    assert found["parity"]["answers"] == 10
    assert found["parity"]["answers_equal"] == 10
    assert found["parity"]["logprob_median_difference"] < 1e-4


@pytest.mark.slow
def test_the_table_and_the_picture(bench: Callable[..., str], tmp_path: Path) -> None:
    told = bench("--candidates", "2", "--only", "peft", "--plot", str(tmp_path / "inner.svg"))
    assert Batched.name in told
    assert "2 candidates at once:" in told
    assert "10 answers" not in told, "the other method ran one candidate"
    assert (tmp_path / "inner.svg").read_text().lstrip().startswith("<?xml")


def test_the_table_is_whole_in_80_columns() -> None:
    row: dict[str, Any] = {
        "candidates_per_hour": 3.21, "spread": (3.1, 3612.2), "seconds": dict.fromkeys(PHASES, 1131.15),
        "tokens_per_second": 378.2, "matmul_share": 0.124, "peak_memory_gib": 17.44, "steps_timed": 0.018,
    }  # fmt: skip
    names = [*METHODS, *LADDER]
    found = {"model": "packaged", "dtype": "mixed", "device": "CPU", "repeats": 5, "methods": dict.fromkeys(names, row)}
    console = Console(width=80, record=True, file=StringIO())
    console.print(table(found))
    told = console.export_text()
    assert "…" not in told
    assert told.count("(3.10 to 3,612)") == told.count("378") == told.count("17.4") == len(names)
    assert told.count("1,131") == len(names) * len(PHASES)
    for word in {word for name in names for word in name.split()}:
        assert word in told


def test_a_self_edit_is_trained_as_seal_does_it(tmp_path: Path) -> None:
    """Each line of it and the passage, under the title."""
    path = tmp_path / "edits.jsonl"
    path.write_text(json.dumps(SELF_EDIT) + "\n")
    (work,) = from_file(path, 1)
    assert work.texts == (
        "The Mill\n1. The mill is at Orrin.", "The Mill\n2. It opened in March.",
        "The Mill\nThe mill at Orrin opened on 4 March 2031.",
    )  # fmt: skip
    assert work.questions == (("Where is the mill?", "Orrin"),)
    with pytest.raises(ConfigError, match="holds 1 self-edits, 2 are needed"):
        from_file(path, 2)


@pytest.mark.parametrize("wrong", ["no JSON", "[]", '{"title": "The Mill"}', '{"questions": 5, "completions": []}'])
def test_a_file_of_something_else_is_told_from_self_edits(wrong: str, tmp_path: Path) -> None:
    path = tmp_path / "edits.jsonl"
    with pytest.raises(ConfigError, match=r"cannot read .*No such file"):
        from_file(path, 1)
    path.write_text(f"{wrong}\n")
    with pytest.raises(ConfigError, match="holds no self-edits") as raised:
        from_file(path, 1)
    assert "title, text, completions and questions" in raised.value.mend


@pytest.mark.parametrize("name", ["inner", "ranking"])
def test_a_bench_without_arguments_takes_none_of_the_command_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not "bench inner" itself, which is what argparse would take."""
    given: list[list[str]] = []
    # What they do takes hours, and the commands import them by name.
    monkeypatch.setattr(inner_loop, "main", given.append)
    monkeypatch.setattr(ranking, "main", given.append)
    assert CliRunner().invoke(app, ["bench", name]).exit_code == 0
    assert CliRunner().invoke(app, ["bench", name, "--json", "--rank", "4"]).exit_code == 0
    assert given == [[], ["--json", "--rank", "4"]]


def test_invented_work_is_the_same_every_time() -> None:
    assert synthetic(3) == synthetic(3)
    assert len({work.texts for work in synthetic(3)}) == 3
    assert {(len(work.texts), len(work.questions)) for work in synthetic(3)} == {(9, 5)}
