"""The exam of a promoted policy on other documents, and what screening by the reward model costs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from agent.errors import ConfigError
from agent.records import Document, Example
from agent.records.rounds import Action
from agent.sources import read
from benchmarks.improve import examined
from benchmarks.screening import main, screened, worth
from graphs.runs.flows import IMPROVE
from graphs.runs.life import begin
from seal_train.policies.reward_model import Draft
from tests.fakes.house import FakeContext, mills, write_articles

ARTICLES = mills(34)
SMALL = {
    "probe.parsed": "false", "probe.cloze": "false", "improve.rounds": "1", "improve.documents": "5",
    "improve.heldout": "6", "improve.heldout_share": "0.45", "improve.free_gib": "0",
}  # fmt: skip


@pytest.fixture(scope="module")
def improved(tmp_path_factory: pytest.TempPathFactory) -> tuple[FakeContext, str]:
    folder = tmp_path_factory.mktemp("improved")
    context = FakeContext(folder / "home", SMALL, articles=ARTICLES)
    context.fake_trainer.logprob_of = {"passage": -3.0, "sentences": -2.0, "cloze": -1.0, "facts": -0.05}
    run = begin(IMPROVE, context, [str(write_articles(folder / "a.jsonl", ARTICLES[:24]))], "improve")
    run.run()
    run.finish()
    return context, run.name


def others(folder: Path, first: int, last: int) -> list[Document]:
    found = read(str(write_articles(folder / "others.jsonl", ARTICLES[first:last])), timeout=1, max_words=200)
    return [item for item in found if isinstance(item, Document)]


def test_the_exam_compares_every_arm_on_the_same_documents(improved: tuple[FakeContext, str], tmp_path: Path) -> None:
    context, run = improved
    found = examined(context, run, others(tmp_path, 24, 34))
    assert (found["documents"], found["left_out"]) == (10, 0)
    assert found["arms"].keys() == {"current", "random", "untrained", "usual"}
    learned = found["arms"]["current"]
    assert learned["chose"][0].startswith("facts")
    assert learned["it_minus_untrained"]["low"] > 0
    assert found["arms"]["untrained"]["learned_minus_it"]["mean"] == pytest.approx(
        learned["it_minus_untrained"]["mean"]
    )
    assert all(arm["tokens"] > 0 for arm in found["arms"].values())
    trained = len(context.fake_trainer.trained)
    assert examined(context, run, others(tmp_path, 24, 34)) == found
    assert len(context.fake_trainer.trained) == trained, "what was tested is not tested again"


def test_a_writer_has_an_exam_of_its_own(tmp_path: Path) -> None:
    config = SMALL | {"write.endpoint": "self", "improve.learns": '["writer"]', "plan.strategies": '["rewrite"]'}
    context = FakeContext(tmp_path / "home", config | {"improve.heldout": "10"}, articles=ARTICLES)
    context.fake_trainer.learns_passages = False
    (tmp_path / "home").mkdir()
    run = begin(IMPROVE, context, [str(write_articles(tmp_path / "a.jsonl", ARTICLES[:24]))], "improve")
    run.run()
    run.finish()
    unseen = others(tmp_path, 24, 34)
    with pytest.raises(ConfigError, match="promoted no planner"):
        examined(context, run.name, unseen)
    arms = examined(context, run.name, unseen, "writer")["arms"]
    assert arms.keys() == {"current", "random", "untrained"}
    assert arms["current"]["it_minus_untrained"]["low"] > 0
    assert arms["current"]["texts"]["distinct"] > arms["untrained"]["texts"]["distinct"], "it says the same of all"


def test_documents_that_had_a_part_in_the_run_are_refused(improved: tuple[FakeContext, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="had a part"):
        examined(*improved, others(tmp_path, 20, 30))


def test_without_a_promoted_policy_there_is_nothing_to_examine(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="promoted no planner"):
        examined(FakeContext(tmp_path / "home"), "r", others(tmp_path, 0, 1))


def drafts(documents: int, told: bool) -> dict[str, list[tuple[Draft, tuple[float, ...]]]]:
    """Self-edits whose reward is told by their action, or by nothing that a model sees."""
    rng = np.random.default_rng(0)
    found: dict[str, list[tuple[Draft, tuple[float, ...]]]] = {}
    for n in range(documents):
        pairs: list[tuple[Draft, tuple[float, ...]]] = []
        for strategy, usual in (("facts", 0.6), ("cloze", 0.4), ("sentences", 0.2), ("passage", 0.0)):
            vector = tuple(rng.normal(size=4).tolist())
            action = Action(strategy=strategy, rate=1.0)
            draft = Draft(vector, (1.0,) * 6, action, (Example(completion="A line."),))
            pairs.append((draft, (float((usual if told else rng.uniform(0, 0.6)) + rng.normal(0, 0.02)),)))
        found[f"run d{n}"] = pairs
    return found


def test_what_the_model_can_tell_is_kept_by_screening() -> None:
    """One place goes to any other self-edit, so that a little is lost of the best of two."""
    found = screened(drafts(20, told=True))
    assert (found["documents"], found["self_edits"], found["each"]) == (20, 80, 4)
    assert -0.02 < found["half_chosen_minus_all"]["mean"] <= 0.0
    assert found["half_chosen_minus_half_random"]["low"] > 0.05
    assert found["half_chosen_is_worth_random"] > 3.5
    assert found["kept"][4]["chosen"] == pytest.approx(found["kept"][4]["random"])


def test_what_it_cannot_tell_is_lost_as_by_chance() -> None:
    found = screened(drafts(20, told=False))
    assert found["half_chosen_minus_all"]["mean"] < -0.02
    assert found["half_chosen_minus_half_random"]["low"] < 0.03
    assert found["half_chosen_is_worth_random"] < 3


def test_luck_of_one_seed_is_worth_nothing_by_another() -> None:
    assert worth([(0.5,), (0.3,)], [0, 1]) == 0.5
    lucky, steady = (0.9, 0.1, 0.1), (0.5, 0.5, 0.5)
    assert worth([lucky, steady], [0, 1]) == pytest.approx((0.1 + 0.5 + 0.5) / 3)
    assert worth([lucky, steady], [1]) == 0.5


def test_the_command_reads_a_home_and_trains_nothing(
    improved: tuple[FakeContext, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    context, _ = improved
    with pytest.raises(ConfigError, match="too little was practised"):
        main(["--home", str(context.config.home), "--json"])
    with pytest.raises(ConfigError, match="too little was practised"):
        main(["--home", str(tmp_path)])
    assert capsys.readouterr().out == ""
    assert json.dumps(screened(drafts(10, told=True)))
