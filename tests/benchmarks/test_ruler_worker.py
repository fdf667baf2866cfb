"""The ruler's workers: real graph, ledger and gate over the fake engine; and real processes over a tiny model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ConfigError, SourceError
from agent.ports import Progress, TrainFailure, TrainJob
from agent.records import Training
from benchmarks.ruler.bench import main
from benchmarks.ruler.passages import Passage, passages_of
from benchmarks.ruler.processes import CRASHED, OWN, Worker
from benchmarks.ruler.results import Learned, Library, Results
from benchmarks.ruler.worker import Side
from tests.fakes.engine import FakeTrainer
from tests.fakes.house import ARTICLES, fake_makers, write_articles
from tests.fakes.models import save_tiny

EASY = {"gate.min_probes": "1", "gate.alpha": "0.5"}
"""So short a text gives few probes of its own."""


class CutOff(FakeTrainer):
    """Ends the process, as far as a test can, when everything is trained and asked: before the mean is written."""

    def merge(self, members: Any, folder: Path) -> None:
        raise KeyboardInterrupt


class Rightly(FakeTrainer):
    """Sees whether a person's question stands in what is trained on."""

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]:
        asked = {q["question"] for article in ARTICLES for q in article["questions"]}
        assert not [e for job in jobs for e in job.examples if any(q in e.text for q in asked)]
        return super().train(jobs, progress)


def passages(folder: Path) -> list[Passage]:
    return passages_of(write_articles(folder / "articles.jsonl"))


def told(passage: Passage) -> dict[str, Any]:
    found: dict[str, Any] = passage.model_dump(mode="json")
    return found


def learn(side: Side, passage: Passage) -> Learned:
    about: Mapping[str, Any] = {"key": passage.key, "origin": "o", "title": passage.title, "words": 30}
    return Learned.model_validate({**about, **side.learn(told(passage))})


def test_people_s_questions_are_hidden_and_asked_of_every_adapter(tmp_path: Path) -> None:
    side = Side(tmp_path / "home", EASY, fake_makers(trainer=lambda _: Rightly()))
    one, other = passages(tmp_path)
    found = learn(side, one)
    assert found.outcome == "published"
    assert {probe.kind for probe in found.probes} == {"parsed", "cloze"}, "none was given"
    assert found.base
    assert found.base.right == (False,) * 4
    assert len(found.tried) == side.context.config.plan.candidates
    assert all(t.human and t.human.right == (True,) * 4 for t in found.tried)
    assert found.champion
    assert found.champion.human
    assert found.champion.verdict == "publish"
    assert found.champion.human.right == (True,) * 4
    assert not list(side.context.config.work_dir.iterdir()), "the adapters are gone, and were asked before"
    before = Library.model_validate(side.ask_all([told(one), told(other)]))
    assert before.adapters == 1
    assert before.answers[one.key].after == (True,) * 4
    assert before.answers[one.key].before == (False,) * 4
    assert set(before.answers[one.key].by) == {"own"}
    assert not any(before.answers[other.key].after)
    learn(side, other)
    after = Library.model_validate(side.ask_all([told(one), told(other)]))
    assert after.adapters == 2
    assert any(after.answers[other.key].after)
    assert "own" in after.answers[other.key].by
    assert not any(after.answers[other.key].before), "as a home without adapters answers"


def test_what_a_kill_cut_off_keeps_what_was_asked(tmp_path: Path) -> None:
    (one, _), makers = passages(tmp_path), fake_makers(trainer=lambda _: CutOff())
    with pytest.raises(KeyboardInterrupt):
        Side(tmp_path / "home", EASY, makers).learn(told(one))
    with (tmp_path / "home" / "asked.jsonl").open("a") as cut:
        cut.write('{"passage": ')
    trainer = FakeTrainer()
    side = Side(tmp_path / "home", EASY, fake_makers(trainer=lambda _: trainer))
    found = learn(side, one)
    assert found.outcome == "published"
    assert trainer.trained == [], "the candidates were trained before"
    assert found.base
    assert all(t.human for t in found.tried)
    assert found.champion
    assert found.champion.human, "the mean was written after the cut"
    assert learn(side, one).model_dump(exclude={"seconds"}) == found.model_dump(exclude={"seconds"})


def test_a_passage_that_is_not_published(tmp_path: Path) -> None:
    """The candidates' figures are there all the same, where there are candidates."""
    side = Side(tmp_path / "home", EASY | {"gate.max_kl": "0"}, fake_makers())
    found = learn(side, passages(tmp_path)[0])
    assert (found.outcome, found.is_published) == ("rejected", False)
    assert found.champion
    assert found.champion.verdict == "reject"
    assert found.champion.human
    hopeless = learn(Side(tmp_path / "other", {"gate.alpha": "1e-30"}, fake_makers()), passages(tmp_path)[0])
    assert hopeless.outcome.startswith("too few probes")
    assert (hopeless.tried, hopeless.champion) == ((), None)


def checkout(folder: Path) -> Path:
    """This code, but that probes of one text end the process."""
    folder.mkdir()
    for package in ("agent", "graphs", "seal_train"):
        (folder / package).symlink_to(OWN / package)
    shutil.copytree(OWN / "evals", folder / "evals", ignore=shutil.ignore_patterns("__pycache__"))
    module = folder / "evals" / "probes" / "making.py"
    code, begin = module.read_text(), "    found = facts(document.text)\n"
    assert code.count(begin) == 1
    broken = '    if "Kestrel" in document.text:\n        raise SystemExit("a broken text")\n'
    module.write_text(code.replace(begin, broken + begin))
    return folder


def test_a_passage_that_ends_its_process_is_told_and_the_next_one_goes_on(tmp_path: Path) -> None:
    one, bad = passages(tmp_path)
    with Worker(checkout(tmp_path / "other"), home=None) as worker:
        assert worker.probes(bad) == ()
        assert worker.probes(one)


def test_a_folder_without_seal_is_no_checkout(tmp_path: Path) -> None:
    with Worker(tmp_path, home=None) as worker, pytest.raises(ConfigError, match="no checkout"):
        worker.probes(passages(tmp_path)[0])
    (tmp_path / "agent").mkdir()
    (tmp_path / "graphs").mkdir()
    log = tmp_path / "log"
    with (
        Worker(tmp_path, home=None, log=log) as worker,
        pytest.raises(ConfigError, match=r"cannot be started|in place of"),
    ):
        worker.probes(passages(tmp_path)[0])


def test_the_table_needs_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, table = write_articles(tmp_path / "a.jsonl"), tmp_path / "t.tsv"
    main([str(file), "--articles", "1", "--table", str(table), "--set", "model.name=there is none"])
    assert "of 3 passages" in capsys.readouterr().out
    assert len(table.read_text().splitlines()) > 5
    main(["--read", str(table), "--json"])
    assert json.loads(capsys.readouterr().out)["good"] == {}


@pytest.mark.slow
def test_two_codes_in_turn_over_a_tiny_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A random model learns nothing. The other code breaks on one passage, which counts as not published."""
    file, out = write_articles(tmp_path / "a.jsonl"), tmp_path / "r.jsonl"
    tiny = save_tiny("llama", tmp_path / "tiny")
    base = ["--articles", "0", "--out", str(out), "--json"]
    settings = {"model.name": tiny, "model.dtype": "float32", "train.epochs": 1, "train.rank": 4, "plan.candidates": 2}
    base += [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    run = [str(file), *base, "--against", str(checkout(tmp_path / "other"))]
    main(run)
    found = json.loads(capsys.readouterr().out)["a.jsonl"]
    assert (found["this code"]["passages"], found["the other code"]["passages"]) == (2, 2)
    assert found["the other code"]["outcomes"][CRASHED] == 1
    assert found["this code"]["routed"]["right"] == [0, 0]
    assert found["difference"]["passages"] == 2
    assert found["difference"]["routed"]["after"]["value"] == 0
    theirs = Results.read(tmp_path / "r-against.jsonl")
    assert [one.detail for one in theirs.learned.values() if one.outcome == CRASHED] == ["a broken text"]
    assert {len(one.tried) for one in Results.read(out).learned.values()} == {2}
    with pytest.raises(ConfigError, match="holds results already"):
        main(run)
    before = out.read_text()
    main([*run, "--resume"])
    assert json.loads(capsys.readouterr().out)["a.jsonl"] == found
    assert out.read_text() == before, "nothing was left to do"
    main([str(file), *base, "--summary", "--against", str(theirs.file)])
    assert json.loads(capsys.readouterr().out)["a.jsonl"] == found
    with pytest.raises(ConfigError, match="begun with --set"):
        main([str(file), "--articles", "0", "--out", str(out), "--resume"])


def test_nothing_to_ask(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps({"title": "t", "text": "a text without questions"}) + "\n")
    with pytest.raises(ConfigError, match="no passage with questions"):
        main([str(file), "--articles", "0", "--out", str(tmp_path / "r.jsonl")])
    with pytest.raises(SourceError):
        main([str(tmp_path / "none.jsonl")])
