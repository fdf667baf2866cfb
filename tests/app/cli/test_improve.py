"""`seal improve` as a person types it, its pages, and what it says where something is wrong."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest

from agent.ports import Progress, TrainFailure, TrainJob
from agent.records import Event, Training, Usage
from app.cli.main import app
from app.show.progress import ImproveProgress
from graphs.runs.flows import IMPROVE
from graphs.runs.life import begin
from tests.app.fake_seal import Seal
from tests.app.improving import ARTICLES, SMALL, practising
from tests.fakes.engine import FakeTrainer
from tests.fakes.house import FakeContext, write_articles


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    return practising(tmp_path / "home")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "articles.jsonl", ARTICLES)


def test_it_says_what_each_round_brought_and_writes_its_page(seal: Seal, source: Path) -> None:
    done = seal("improve", source, *SMALL)
    assert done.exit_code == 0, done.output
    assert "round 1: promote: learned +" in done.stdout
    assert "control: learned from rewards dealt out at random" in done.stdout
    assert "stopped: 2 rounds are done" in done.stdout
    assert re.search(r"\d+ documents to practise on, \d+ held out", done.stderr)
    assert "round 1, practising: Orrin" in done.stderr
    pages = sorted(path.name for path in (seal.home / "reports").rglob("*.html"))
    assert pages == ["round-01.html", "round-02.html"]


def test_a_page_has_the_verdict_the_arms_the_plots_and_the_best_self_edits(seal: Seal, source: Path) -> None:
    assert seal("improve", source, *SMALL).exit_code == 0
    page = next((seal.home / "reports").rglob("round-02.html")).read_text()
    text = next((seal.home / "reports").rglob("round-02.md")).read_text()
    assert page.count("<svg") == text.count("![](round-02-") == 4
    assert all(
        (next((seal.home / "reports").rglob(name))).stat().st_size for name in re.findall(r"\((.*\.svg)\)", text)
    )
    for told in ("## Held-out documents (6)", "| random |", "diversity of plans", "## Best self-edits", "| facts |"):
        assert told in text
    best = text.partition("## Best self-edits")[2]
    assert re.search(r"\*\*0\.\d+\*\*, facts at", best.partition("## Worst")[0])


def test_json_has_one_object(seal: Seal, source: Path) -> None:
    told = seal.json("improve", source, *SMALL)
    assert told["rounds"] == 2
    assert told["promoted"] >= 1
    assert told["differences"]["learned"].keys() == {"n", "mean", "low", "high", "p_value"}
    assert Path(told["report"]).is_file()


def test_it_practises_on_what_was_read_before(seal: Seal, source: Path) -> None:
    assert seal("ingest", source, "--set", "plan.candidates=1", "--set", "probe.parsed=false").exit_code == 0
    done = seal("improve", *SMALL)
    assert done.exit_code == 0, done.output
    told = re.search(r"(\d+) documents to practise on, (\d+) held out", done.stderr)
    assert told
    assert int(told[1]) + int(told[2]) == len(ARTICLES)


def test_a_dry_run_trains_nothing(seal: Seal, source: Path) -> None:
    done = seal("improve", source, *SMALL, "--dry-run")
    assert done.exit_code == 0
    assert "2 rounds, about 128 candidates" in done.stdout
    once = seal("improve", source, *SMALL, "--set", "improve.seeds=1", "--dry-run")
    assert "2 rounds, at most 88 candidates" in once.stdout
    assert "no candidate was trained here yet" in done.stdout
    assert not (seal.home / "ledger.sqlite").exists()
    assert seal("improve", source, *SMALL).exit_code == 0
    told = seal("improve", "--dry-run").stdout
    assert re.search(r"about 0.0 hours and [\d,]+ tokens .* as the \d+ candidates", told)
    assert "0 in money to endpoints" in told


def test_a_dry_run_on_a_cpu_says_that_gpu_hours_count_nothing(seal: Seal, source: Path) -> None:
    on_cpu = ("improve", source, *SMALL, "--set", "model.device=cpu", "--dry-run")
    assert "improve.gpu_hours counts nothing on a CPU" in seal(*on_cpu).stdout
    assert seal.json(*on_cpu)["gpu"] is False
    assert "counts nothing" not in seal(*on_cpu, "--set", "train.dispatch=ray").stdout


def test_a_dry_run_goes_by_what_the_candidates_before_cost(seal: Seal, source: Path) -> None:
    run = seal.json("improve", source, *SMALL)["run"]
    ledger = seal.context().ledger
    ledger.add_usage(Usage(id="u", run=f"{run}.1.practice", step="write", endpoint="main", model="m",
                           prompt_tokens=5, completion_tokens=5, reported=True, money=7.0))  # fmt: skip
    ledger.add_event(Event(run=f"{run}.1.practice", step="train", data={"gpus": 2}, seconds=1800))
    told = seal.json("improve", *SMALL, "--dry-run")
    share = told["candidates"] / told["measured_on"]
    assert (told["money"], told["gpu_hours"]) == (pytest.approx(7 * share), pytest.approx(share))


def test_a_second_run_goes_on_from_the_promoted_policy(seal: Seal, source: Path) -> None:
    first, second = (seal.json("improve", source, *SMALL) for _ in range(2))
    assert first["run"] != second["run"]
    assert second["words"][0].startswith("keep"), "what acts now is as good as what can be learned"


def test_a_run_that_is_done_is_only_shown(seal: Seal, source: Path) -> None:
    first = seal.json("improve", source, *SMALL)
    shutil.rmtree(seal.home / "reports")
    again = seal("improve", "--resume", first["run"])
    assert not (seal.home / "reports").exists()
    assert again.exit_code == 0
    assert "is done" in again.stderr
    assert "2 rounds are done" in again.stdout


def test_what_is_wrong_is_said_with_its_mend(seal: Seal, source: Path, tmp_path: Path) -> None:
    nothing = seal("improve")
    assert (nothing.exit_code, "there is nothing at" in nothing.stderr) == (6, True)
    both = seal("improve", source, "--resume", "r")
    assert (both.exit_code, "do not go together" in both.stderr) == (2, True)
    few = seal("improve", write_articles(tmp_path / "one.jsonl", ARTICLES[:1]))
    assert (few.exit_code, "too few" in few.stderr) == (2, True)
    assert "improve --resume" in few.stderr
    ingested = seal.json("ingest", write_articles(tmp_path / "two.jsonl", ARTICLES[:2]), "--set", "plan.candidates=1")
    assert "is no run of seal improve" in seal("improve", "--resume", ingested["run"]).stderr
    improved = seal.json("improve", source, *SMALL)["run"]
    assert "is no run of seal ingest" in seal("ingest", "--resume", improved).stderr


def test_its_help_teaches(seal: Seal) -> None:
    from typer.testing import CliRunner

    told = CliRunner().invoke(app, ["improve", "--help"]).stdout
    for word in ("never practised on", "--dry-run", "--resume", "Examples", "stop"):
        assert word in told


def test_status_and_trace_of_it(seal: Seal, source: Path) -> None:
    run = seal.json("improve", source, *SMALL)["run"]
    told = seal("status").stdout
    assert re.search(rf"{run}  .*  improve, done: 24 documents, 2 rounds, [12] promoted a policy", told)
    assert re.search(r"planner +\w{16}, since round [12] of run", told)
    assert ".practice" not in told, "the rounds' own runs are not listed"
    traced = seal("trace", run)
    assert traced.exit_code == 0, traced.output
    assert f"trace {run}.1.practice" in traced.stdout
    assert re.search(r"learned: held-out gain 0\.\d+", traced.stdout)
    inner = seal("trace", f"{run}.1.practice")
    assert "reward" in inner.stdout


class CutOff(FakeTrainer):
    """Ctrl-C when it trains for the eighth time."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = count(1)

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]:
        if next(self.calls) == 8:
            raise KeyboardInterrupt
        return super().train(jobs, progress)


def test_the_bar_of_a_run_that_goes_on_begins_where_it_was_cut_off(tmp_path: Path, source: Path) -> None:
    """Seven documents into a round of five to practise on and six that are held out."""
    config = {"probe.parsed": "false", "probe.cloze": "false", "improve.documents": "5", "improve.heldout": "6",
              "improve.heldout_share": "0.45", "improve.free_gib": "0"}  # fmt: skip
    context = FakeContext(tmp_path / "home", config, ARTICLES, trainer=lambda _: CutOff())
    run = begin(IMPROVE, context, [str(source)], "improve")
    with pytest.raises(KeyboardInterrupt):
        run.run()
    progress = ImproveProgress()
    progress.begin(run)
    assert (progress.done, progress.total, progress.place) == (7, 33, "round 1, testing: ")
