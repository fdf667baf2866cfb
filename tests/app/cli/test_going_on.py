"""A run that was cut off goes on under the configuration that it began with."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent.ports import Query
from agent.records import Outcome
from app.cli.commands.ingest import located
from tests.app.fake_seal import LENIENT, Seal, StoppedTrainer
from tests.fakes.engine import FakeModel, FakeTrainer
from tests.fakes.http_server import HttpServer, Reply
from tests.fakes.openai_server import FakeOpenAI


class UnaskedModel(FakeModel):
    """Somebody presses Ctrl-C when it is asked first, so that nothing is measured."""

    def answer(self, queries: Sequence[Query], max_tokens: int = 24) -> list[str]:
        raise KeyboardInterrupt


IN_TRAINING: dict[str, Any] = {"trainer": StoppedTrainer.make}
UNMEASURED: dict[str, Any] = {"model": lambda _: UnaskedModel()}


def stop(seal: Seal, articles: Path, by: Mapping[str, Any], *options: str) -> str:
    """The run that was stopped."""
    assert seal.made_by(**by)("ingest", articles, *LENIENT, *options).exit_code == 130
    return seal.context().ledger.runs()[-1].id


def planned(seal: Seal, run: str) -> dict[str, list[str]]:
    ledger = seal.context().ledger
    return {d.title: [p.strategy for p in ledger.plans(run, d.id)] for d in ledger.documents(run)}


BEGUN = ("--set", "plan.candidates=2", "--set", 'plan.strategies=["passage"]')
TODAY = ("--set", "plan.candidates=1", "--set", 'plan.strategies=["sentences"]', "--set", "model.threads=1")
FILE = "plan.candidates = 1\nplan.strategies = ['sentences']\nmodel.threads = 1\n"


@pytest.mark.parametrize("by_name", [True, False])
def test_it_keeps_its_configuration_and_says_what_is_put_aside(by_name: bool, seal: Seal, articles: Path) -> None:
    run = stop(seal, articles, IN_TRAINING, *BEGUN)
    (seal.home / "seal.toml").write_text(FILE)
    again = ("--resume", run) if by_name else (str(articles),)
    done = seal("ingest", *again, *LENIENT)
    assert done.exit_code == 0
    said = f"run {run} goes on under the configuration that it began with; put aside from today's: "
    assert said + "plan.candidates, plan.strategies\n" in done.stderr
    assert list(planned(seal, run).values()) == [["passage"] * 2] * 2


@pytest.mark.parametrize("by_name", [True, False])
def test_what_is_given_with_set_wins_and_is_recorded(by_name: bool, seal: Seal, articles: Path) -> None:
    run = stop(seal, articles, IN_TRAINING, *BEGUN, "--set", "train.rank=8")
    again = ("--resume", run) if by_name else (str(articles),)
    done = seal("ingest", *again, *LENIENT, *TODAY, "--set", "train.rank=2")
    assert done.exit_code == 0
    said = f"run {run} goes on with these keys changed: train.rank, plan.candidates, plan.strategies\n"
    assert said in done.stderr
    assert "put aside" not in done.stderr
    ledger = seal.context().ledger
    recorded = ledger.runs()[-1].config
    assert (recorded["train"]["rank"], recorded["plan"]["strategies"]) == (2, ["sentences"])
    trained = [c for c in ledger.candidates(run) if ledger.training(c.id)]
    assert {(c.strategy, c.settings.rank) for c in trained} == {("sentences", 2)}
    assert {str(outcome) for outcome in ledger.outcomes(run).values()} == {"published"}


def test_a_mistyped_writer_is_corrected_in_the_file(seal: Seal, articles: Path) -> None:
    with FakeOpenAI() as server:
        begin = f"write.endpoint = 'w'\nplan.strategies = ['rewrite']\n[endpoints.w]\nurl = '{server.url}'\n"
        (seal.home).mkdir()
        (seal.home / "seal.toml").write_text(begin + "model = 'wrong'\n")
        first = seal("ingest", articles, *LENIENT)
        assert (first.exit_code, "set model in [endpoints.w]" in first.stderr) == (7, True)
        (seal.home / "seal.toml").write_text(begin + "model = 'fake-model'\n")
        assert seal("ingest", articles, *LENIENT).exit_code == 0
    assert [r.status for r in seal.context().ledger.runs()] == ["done"]


@pytest.mark.parametrize("by_name", [True, False])
def test_a_recorded_strategy_that_is_not_there_is_replaced_as_the_message_says(
    by_name: bool, seal: Seal, articles: Path
) -> None:
    """As where its package is not installed any more."""
    run = stop(seal, articles, IN_TRAINING, *BEGUN)
    ledger = seal.context().ledger
    recorded = ledger.run(run).config
    ledger.change_config(run, recorded | {"plan": recorded["plan"] | {"strategies": ["gone"]}})
    again = ("ingest", "--resume", run) if by_name else ("ingest", str(articles))
    done = seal(*again, *LENIENT)
    how = f"go on with: seal ingest --resume {run} --set plan.strategies=... --home {seal.home}"
    assert (done.exit_code, "there is no strategy 'gone'" in done.stderr, how in done.stderr) == (2, True, True)
    assert seal("ingest", "--resume", run, *LENIENT, "--set", "plan.strategies=[]").exit_code == 0


def test_a_run_that_is_done_is_shown_as_it_was_recorded(seal: Seal, articles: Path) -> None:
    first = seal.ingest(articles)
    seal("rollback")
    before = seal.context().ledger.runs()
    told = seal("ingest", "--resume", first["run"], *LENIENT, "--json")
    assert (told.exit_code, f"run {first['run']} is done" in told.stderr) == (0, True)
    assert json.loads(told.stdout) == first
    assert seal.context().ledger.runs() == before
    assert "Retention (general questions" in seal("ingest", "--resume", first["run"], *LENIENT).stdout


def test_a_run_that_is_done_has_no_failure_now(seal: Seal, articles: Path) -> None:
    failing = seal("ingest", articles, articles.parent / "missing.txt", *LENIENT, "--json")
    run = json.loads(failing.stdout)["run"]
    assert [failing.exit_code, seal("ingest", "--resume", run).exit_code] == [3, 0]


def test_the_same_file_by_another_path_goes_on(seal: Seal, articles: Path, tmp_path: Path) -> None:
    run = stop(seal, articles, IN_TRAINING)
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "deeper").mkdir()
    for roundabout in (tmp_path / "deeper" / ".." / articles.name, tmp_path / "link" / articles.name):
        assert located(str(roundabout)) == str(articles.resolve())
    assert seal.ingest(tmp_path / "link" / articles.name)["run"] == run


def test_a_link_keeps_its_name(articles: Path, tmp_path: Path) -> None:
    """A text file's name is its title."""
    (tmp_path / "orrin.txt").symlink_to(articles)
    assert located(str(tmp_path / "orrin.txt")) == str(tmp_path.resolve() / "orrin.txt")
    assert located(str(tmp_path / "deeper" / "..")) == str(tmp_path.resolve())


def test_an_empty_source_is_not_this_folder(seal: Seal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "orrin.txt").write_text("The mill at Orrin opened in March.\n")
    monkeypatch.chdir(tmp_path / "here")
    told = seal("ingest", "")
    assert told.exit_code == 3
    assert "the location is empty" in told.stderr


def test_the_next_run_is_under_todays(seal: Seal, articles: Path, tmp_path: Path) -> None:
    stop(seal, articles, IN_TRAINING, *BEGUN)
    assert seal("ingest", articles, *LENIENT).exit_code == 0
    (tmp_path / "third.txt").write_text(
        "The bridge at Hask was built by Mara Lund in 1901. The town paid 9 million crowns. Tolls ended in "
        "May. Anna Moss painted the bridge."
    )
    done = seal("ingest", tmp_path / "third.txt", *LENIENT, *TODAY)
    assert "put aside" not in done.stderr
    assert list(planned(seal, seal.context().ledger.runs()[-1].id).values()) == [["sentences"]]


def test_with_the_same_configuration_nothing_is_said(seal: Seal, articles: Path) -> None:
    stop(seal, articles, IN_TRAINING, *BEGUN)
    assert "put aside" not in seal("ingest", articles, *LENIENT, *BEGUN).stderr


def test_a_run_that_could_not_begin_is_not_bound_to_what_stopped_it(seal: Seal, articles: Path) -> None:
    run = stop(seal, articles, UNMEASURED, *BEGUN)
    done = seal("ingest", articles, *LENIENT, *TODAY)
    assert (done.exit_code, "put aside" in done.stderr) == (0, False)
    assert list(planned(seal, run).values()) == [["sentences"]] * 2
    assert seal.context().ledger.runs()[-1].config["plan"]["strategies"] == ["sentences"]


def test_what_another_run_learned_since_is_not_learned_twice(seal: Seal, articles: Path) -> None:
    """Here the first run has a mistyped model, and is resumed after the second one did its work."""
    run = stop(seal, articles, UNMEASURED, "--set", "model.name=mistyped")
    assert seal("ingest", articles, *LENIENT).exit_code == 0
    assert seal("ingest", "--resume", run, *LENIENT).exit_code == 0
    ledger = seal.context().ledger
    assert {str(outcome) for outcome in ledger.outcomes(run).values()} == {"known already"}
    assert (len(ledger.winners()), ledger.candidates(run)) == (2, [])
    assert seal.json("status")["unfinished"] == {}


@pytest.fixture
def untrainable(seal: Seal) -> Seal:
    """Every candidate fails in training."""
    trainer = FakeTrainer()
    trainer.fail = {"passage", "sentences", "cloze", "facts"}
    return seal.made_by(trainer=lambda _: trainer)


def test_failed_training_has_its_own_exit_code(untrainable: Seal, articles: Path) -> None:
    assert untrainable("ingest", articles, *LENIENT).exit_code == 5


def test_the_seconds_of_all_sittings_are_reported(seal: Seal, articles: Path) -> None:
    run = stop(seal, articles, {"trainer": lambda _: StoppedTrainer(after=3)})
    first = seal.context().ledger.runs()[0].seconds
    assert first >= 3
    summary = seal.ingest(articles)
    assert (summary["run"], summary["sittings"]) == (run, 2)
    assert summary["seconds"] >= round(first, 1)
    assert " seconds in 2 sittings. Details: " in seal("ingest", "--resume", run).stdout


def checkpoints(seal: Seal) -> int:
    with closing(sqlite3.connect(seal.home / "checkpoints.sqlite")) as connection:
        return sum(connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("checkpoints", "writes"))


def test_checkpoints_are_kept_until_the_run_is_done(seal: Seal, articles: Path) -> None:
    stop(seal, articles, IN_TRAINING)
    assert checkpoints(seal) > 0
    assert seal("ingest", articles, *LENIENT).exit_code == 0
    assert checkpoints(seal) == 0


@pytest.mark.parametrize("anew", [(), ("--set", "train.rank=2")], ids=["checkpoint", "ledger alone"])
def test_a_source_that_was_read_is_not_read_again(anew: tuple[str, ...], seal: Seal, articles: Path) -> None:
    """It may be gone since, or hold what is new: that is the next run's."""
    run = stop(seal, articles, IN_TRAINING)
    articles.unlink()
    assert seal("ingest", "--resume", run, *LENIENT, *anew).exit_code == 0
    ledger = seal.context().ledger
    assert [str(outcome) for outcome in ledger.outcomes(run).values()] == ["published"] * 2
    assert [e.status for e in ledger.events(run) if e.step == "read"] == ["ok"]


def test_adapters_of_closed_documents_are_swept_when_a_run_goes_on(seal: Seal, articles: Path) -> None:
    run = stop(seal, articles, IN_TRAINING)
    context = seal.context()
    first = context.ledger.documents(run)[0].id
    left = [context.config.work_dir / c.id for c in context.ledger.candidates(run, first)]
    assert left
    for folder in left:
        folder.mkdir(parents=True, exist_ok=True)
    context.ledger.finish_document(run, first, Outcome(kind="published"), context.config.model.name)
    assert seal("ingest", "--resume", run, *LENIENT).exit_code == 0
    assert not any(folder.exists() for folder in left)


def test_the_demo_ends_with_the_code_of_what_failed(untrainable: Seal) -> None:
    assert untrainable("demo").exit_code == 5


def test_a_password_in_an_address_reaches_no_ledger_and_no_screen(seal: Seal, articles: Path) -> None:
    with HttpServer() as server:
        items = [{"id": "1", "title": "The Mill", "content_text": "The mill at Orrin opened on 4 March 2031."}]
        feed = {"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": items}
        url = server.serve("/feed.json", Reply(json.dumps(feed).encode(), "application/feed+json"))
        named = url.replace("://", "://anna:s3cret@")
        done = seal("ingest", named, *LENIENT)
    assert done.exit_code == 0
    told = [done.output, done.stderr, seal("trace").output, seal("trace", "--json").output, seal("status").output]
    run = seal.context().ledger.runs()[-1]
    assert run.sources == (url,)
    assert not any("s3cret" in text for text in [*told, run.model_dump_json()])
