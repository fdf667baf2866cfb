"""The outer loop over the real graph, ledger and strategies, and a trainer whose strategies differ in worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from langgraph.runtime import Runtime

from agent.clock import Clock
from agent.errors import ConfigError
from agent.ports import Progress, TrainFailure, TrainJob
from agent.records import Training
from agent.records.rounds import PlannerPolicy, Round
from graphs.approve.graph import approve
from graphs.improve import nodes
from graphs.improve.graph import improve_graph
from graphs.improve.nodes import ImproveState
from graphs.methods.method import promoted
from graphs.methods.planner import configured_planner
from graphs.methods.practice import Practice, heldout_run, practice_run
from graphs.runs.flows import IMPROVE
from graphs.runs.life import Life, begin, take_up
from graphs.studio import mermaid
from graphs.views.improvement import Improvement
from tests.fakes.engine import FakeTrainer
from tests.fakes.house import FakeContext, mills, write_articles

ARTICLES = mills(24)
WORTH = {"passage": -3.0, "sentences": -2.0, "cloze": -1.0, "facts": -0.05}
"""Log-probability of an answer after training by a strategy: `facts` is the best by far."""
SMALL = {
    "probe.parsed": "false", "probe.cloze": "false", "improve.rounds": "2", "improve.documents": "5",
    "improve.heldout": "6", "improve.heldout_share": "0.45", "improve.free_gib": "0",
}  # fmt: skip


@pytest.fixture
def source(tmp_path: Path) -> str:
    return str(write_articles(tmp_path / "articles.jsonl", ARTICLES))


class Unequal(FakeTrainer):
    """Strategies are worth what it is told."""

    def __init__(self, worth: Mapping[str, float] = WORTH) -> None:
        super().__init__()
        self.logprob_of = dict(worth)


def improving(
    tmp_path: Path, source: str, worth: dict[str, float] = WORTH, more: dict[str, str] | None = None, **others: Any
) -> tuple[FakeContext, Improvement]:
    makers = {"trainer": lambda _: Unequal(worth), **others}
    context = FakeContext(tmp_path / "home", SMALL | (more or {}), articles=ARTICLES, **makers)
    life = begin(IMPROVE, context, [source], "improve")
    life.run()
    return context, life.finish()


def rounds_of(context: FakeContext, summary: Improvement) -> list[Round]:
    return context.ledger.rounds(summary.run)


def acts(context: FakeContext) -> PlannerPolicy | None:
    return promoted(context, PlannerPolicy)


def test_a_policy_is_learned_proved_and_promoted(tmp_path: Path, source: str) -> None:
    context, summary = improving(tmp_path, source)
    first, second = rounds_of(context, summary)
    assert first.word == "promote", first.reason
    learned = next(result for result in first.results if result.arm == "learned")
    assert {trial.action.strategy for trial in learned.trials} == {"facts"}
    acting = acts(context)
    assert acting is not None
    assert acting.id in (first.challenger, second.challenger)
    assert second.acting == first.challenger
    assert summary.stopped == "2 rounds are done (improve.rounds)"


def test_the_controls_are_worse_than_what_was_learned(tmp_path: Path, source: str) -> None:
    context, summary = improving(tmp_path, source)
    gains = {r.arm: sum(t.gain for t in r.trials) for r in rounds_of(context, summary)[0].results}
    assert gains["learned"] > gains["random"]
    assert gains["learned"] > gains["untrained"] == gains["current"], "who acts in the first round has learned nothing"


def test_without_a_difference_nothing_is_promoted(tmp_path: Path, source: str) -> None:
    context, summary = improving(tmp_path, source, dict.fromkeys(WORTH, -0.5))
    assert [round.word for round in rounds_of(context, summary)] == ["keep", "keep"]
    assert acts(context) is None
    assert summary.promoted == 0


def test_what_is_held_out_is_never_practised_on_and_gives_no_reward(tmp_path: Path, source: str) -> None:
    context, summary = improving(tmp_path, source)
    ledger = context.ledger
    practised = {d.id for n in (1, 2) for d in ledger.documents(practice_run(summary.run, n))}
    heldout = {d.id for n in (1, 2) for d in ledger.documents(heldout_run(summary.run, n))}
    assert practised
    assert heldout
    assert not practised & heldout
    for n in (1, 2):
        tested = ledger.candidates(heldout_run(summary.run, n))
        assert tested
        assert not [c for c in tested if ledger.reward(c.id)]
    assert {o.document for o in Practice(context).observations()} == practised


class Minutes(Clock):
    """Every candidate that is trained takes a minute, and nothing else takes any time."""

    def __init__(self) -> None:
        self.trained: list[TrainJob] = []

    def ticks(self) -> float:
        return 60.0 * len(self.trained)

    def parts(self) -> dict[str, Any]:
        """The clock and a trainer that it counts."""
        return {"clock": self, "trainer": lambda _: Slow(self)}


class Slow(Unequal):
    def __init__(self, minutes: Minutes) -> None:
        super().__init__()
        self.minutes = minutes

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]:
        self.minutes.trained.extend(jobs)
        return super().train(jobs, progress)


def test_rounds_take_the_time_of_the_run_and_no_second_twice(tmp_path: Path, source: str) -> None:
    minutes = Minutes()
    context, summary = improving(tmp_path, source, **minutes.parts())
    took = [round.seconds for round in rounds_of(context, summary)]
    assert min(took) > 0
    assert sum(took) == summary.seconds == 60 * len(minutes.trained)


def test_hours_are_counted_in_the_middle_of_a_round(tmp_path: Path, source: str) -> None:
    minutes = Minutes()
    context, summary = improving(tmp_path, source, more={"improve.hours": "0.2"}, **minutes.parts())
    assert "0.2 hours are over" in summary.stopped
    assert len(minutes.trained) >= 12
    assert 0 < len(context.ledger.outcomes(practice_run(summary.run, 1))) < 5
    assert not rounds_of(context, summary)


def test_a_document_is_not_practised_on_twice_before_all_were(tmp_path: Path, source: str) -> None:
    context, summary = improving(tmp_path, source)
    first, second = ({d.id for d in context.ledger.documents(practice_run(summary.run, n))} for n in (1, 2))
    assert len(first) == len(second) == 5
    assert not first & second


def test_nothing_is_published_and_ingest_learns_the_documents_all_the_same(tmp_path: Path, source: str) -> None:
    context, _ = improving(tmp_path, source)
    assert context.ledger.current() == []
    assert context.ledger.winners() == []
    assert not any(context.config.work_dir.iterdir()), "adapters of practice are swept"
    documents = context.ledger.documents()
    assert not [d for d in documents if context.ledger.outcome(d.id, "packaged")]


def test_ingest_plans_by_the_promoted_policy(tmp_path: Path, source: str) -> None:
    context, _ = improving(tmp_path, source)
    planner, acting = configured_planner(context, context.strategies), acts(context)
    assert acting is not None
    assert planner.name == f"policy {acting.id}"
    document = context.ledger.documents()[0]
    plans = planner.plan("r", document, [], 5)
    assert len({plan.id for plan in plans}) == 5
    assert sum(plan.strategy == "facts" for plan in plans) == 3, "the best strategy makes the most that one may"


def test_a_policy_that_waits_for_a_person_does_not_act_before_a_yes(tmp_path: Path, source: str) -> None:
    context, summary = improving(tmp_path, source, WORTH, {"improve.rounds": "1", "gate.approve": "policy"})
    (round,) = rounds_of(context, summary)
    assert round.word == "promote"
    assert acts(context) is None
    ((approval, answer),) = context.ledger.asked()
    assert answer is None
    told = [e.message for e in context.ledger.events(summary.run) if e.step == "judge"]
    assert told[0].endswith("it waits for your word: seal approve")
    approve(context, approval.id, yes=True, why="")
    assert acts(context) == context.ledger.policy(round.challenger, PlannerPolicy)


def test_a_policy_that_is_beaten_by_an_untrained_one_is_taken_back(tmp_path: Path, source: str) -> None:
    """At once, also where promotions wait for a person; and once, however often the step runs."""
    context, summary = improving(tmp_path, source, WORTH, {"improve.rounds": "1", "gate.approve": "policy"})
    (first,) = rounds_of(context, summary)
    approve(context, context.ledger.asked()[0][0].id, yes=True, why="")
    beaten = first.model_copy(update={"number": 2, "acting": first.challenger, "word": "roll back"})
    heldout = heldout_run(summary.run, 2)
    context.ledger.start_run(heldout, "held-out", context.config.recorded(), [], summary.run, 2, "planner")
    context.ledger.add_round(beaten)
    for _ in range(2):
        nodes.judge({"improve": summary.run, "number": 2}, Runtime(context=context))
        assert acts(context) is None
    assert [p.number for p in context.ledger.promotions("packaged", "planner")] == [1, 2]


def test_each_self_edit_is_trained_with_several_seeds_and_rewarded_by_their_mean(tmp_path: Path, source: str) -> None:
    context, summary = improving(tmp_path, source, WORTH, {"improve.seeds": "2", "improve.rounds": "1"})
    ledger, child = context.ledger, practice_run(summary.run, 1)
    document = ledger.documents(child)[0]
    for edit in ledger.self_edits(child, document.id):
        own = [c for c in ledger.candidates(child, document.id) if c.self_edit == edit.id]
        assert len({c.settings.seed for c in own}) == len(own) == 2
    practised = rounds_of(context, summary)[0].practised
    assert practised.candidates == 2 * len(practised.rewards)


def seeds_of(context: FakeContext, child: str) -> list[int]:
    """How often the self-edits of each document were trained."""
    found = []
    for document in context.ledger.documents(child):
        often = Counter(c.self_edit for c in context.ledger.candidates(child, document.id))
        assert len(set(often.values())) == 1
        found.append(often.most_common(1)[0][1])
    return found


@pytest.mark.parametrize(("noise", "needed"), [(0.0, 1), (2.9, 4)])
def test_the_number_of_seeds_follows_the_noise(tmp_path: Path, source: str, noise: float, needed: int) -> None:
    """Two until it is known, and in each round's first document, to know it in the next ones."""
    context = FakeContext(tmp_path / "home", SMALL | {"improve.screen": "1"}, articles=ARTICLES)
    context.fake_trainer.logprob_of = dict.fromkeys(WORTH, -3.0) if noise else WORTH
    context.fake_trainer.noise = noise
    run = begin(IMPROVE, context, [source], "improve")
    run.run()
    rounds = context.ledger.rounds(run.finish().run)
    first, second = (seeds_of(context, practice_run(run.name, number)) for number in (1, 2))
    assert first == [2, 2, needed, needed, needed]
    assert second == [max(2, needed), needed, needed, needed, needed]
    found = [round.practised.noise for round in rounds]
    assert all(it and it.freedom >= 8 for it in found)
    assert all(it and (it.seed > it.own) == bool(noise) for it in found)


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ({"improve.most_candidates": "6"}, "improve.most_candidates"),
        ({"improve.most_tokens": "30"}, "improve.most_tokens"),
        ({"improve.hours": "0.0000001"}, "improve.hours"),
        ({"improve.free_gib": "1e9"}, "improve.free_gib"),
    ],
)
def test_a_budget_ends_it_in_the_middle_of_a_round(
    tmp_path: Path, source: str, limit: dict[str, str], said: str
) -> None:
    context, summary = improving(tmp_path, source, WORTH, limit)
    assert said in summary.stopped
    assert summary.rounds == 0
    assert context.ledger.run(summary.run).status == "done"


@pytest.mark.parametrize(
    ("limit", "said", "rounds"),
    [({"improve.patience": "1"}, "improve.patience", 1), ({"improve.target": "0.01"}, "improve.target", 1)],
)
def test_it_ends_between_rounds(tmp_path: Path, source: str, limit: dict[str, str], said: str, rounds: int) -> None:
    _, summary = improving(tmp_path, source, dict.fromkeys(WORTH, -0.5), limit)
    assert said in summary.stopped
    assert summary.rounds == rounds


def test_a_stop_file_ends_it(tmp_path: Path, source: str) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "stop").touch()
    _, summary = improving(tmp_path, source)
    assert "stop" in summary.stopped
    assert summary.candidates == 0


def test_a_failed_training_is_no_gain_of_zero(tmp_path: Path, source: str) -> None:
    """Documents on which an arm failed are left out of the comparison, and their rewards are not learned from."""
    context = FakeContext(tmp_path / "home", SMALL | {"improve.rounds": "1"}, articles=ARTICLES)
    context.fake_trainer.fail = {"passage", "sentences", "cloze", "facts"}
    run = begin(IMPROVE, context, [source], "improve")
    run.run()
    summary = run.finish()
    (round,) = rounds_of(context, summary)
    assert round.word == "keep"
    assert "undecided" in round.reason
    assert round.refused == 6
    assert round.practised.rewards == ()


def test_too_few_documents_are_refused(tmp_path: Path) -> None:
    source = str(write_articles(tmp_path / "one.jsonl", ARTICLES[:1]))
    run = begin(IMPROVE, FakeContext(tmp_path / "home", SMALL, articles=ARTICLES), [source], "improve")
    with pytest.raises(ConfigError, match="too few"):
        run.run()


class CutOff(Unequal):
    """Ctrl-C comes in its thirteenth batch, which is one of the second round."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]:
        self.calls += 1
        if self.calls == 13:
            raise KeyboardInterrupt
        return super().train(jobs, progress)


def interrupted(tmp_path: Path, source: str) -> tuple[FakeContext, Life[Improvement]]:
    """A run that was stopped by Ctrl-C in its second round."""
    context = FakeContext(tmp_path / "home", SMALL, articles=ARTICLES, trainer=lambda _: CutOff())
    run = begin(IMPROVE, context, [source], "improve")
    with pytest.raises(KeyboardInterrupt):
        run.run()
    run.stop("stopped")
    assert len(context.ledger.rounds(run.name)) == 1
    return context, run


def test_the_same_command_goes_on_with_a_run_that_was_cut_off(tmp_path: Path, source: str) -> None:
    context, run = interrupted(tmp_path, source)
    again = begin(IMPROVE, context, [source], "improve")
    assert again.name == run.name
    assert again.goes_on
    again.run()
    assert again.finish().rounds == 2
    trained = context.fake_trainer.trained
    assert len(trained) == len(set(trained)), "no candidate is trained twice"
    kinds = [known.kind for known in context.ledger.runs()]
    assert (kinds.count("practice"), kinds.count("held-out")) == (2, 2)


def test_a_run_goes_on_under_the_configuration_that_it_began_with(tmp_path: Path, source: str) -> None:
    """What it measures is in runs of its own."""
    context, run = interrupted(tmp_path, source)
    begun = context.ledger.run(run.name).config
    fewer = {"improve.rounds": "1", "improve.heldout": "4"}
    today = FakeContext(tmp_path / "home", fewer, articles=ARTICLES, trainer=lambda _: Unequal())
    again, _, aside = take_up(IMPROVE, today, run.name).configure({})
    assert {"improve.rounds", "improve.heldout", "improve.documents"} <= set(aside)
    again.run()
    assert again.finish().rounds == 2
    assert today.ledger.run(run.name).config == begun
    assert len(today.ledger.documents(heldout_run(run.name, 2))) == 6


def test_the_reward_model_tells_before_it_sees_and_then_screens(tmp_path: Path, source: str) -> None:
    """In the first round it knows nothing, in the second it is held to its word, in the third it screens."""
    more = {"improve.rounds": "3", "improve.documents": "4", "improve.seeds": "1"}
    context, summary = improving(tmp_path, source, WORTH, more)
    ledger, (first, second, third) = context.ledger, rounds_of(context, summary)
    assert first.calibration is None
    assert second.calibration is not None
    assert second.calibration.spearman > 0.5
    assert (first.screened, second.screened) == (0, 0)
    assert third.screened == 4 * 4, "of eight drafts of each of four documents half are trained"
    assert third.practised.candidates == second.practised.candidates == first.practised.candidates
    for document in ledger.documents(practice_run(summary.run, 3)):
        told = {p.self_edit: p.value for p in ledger.predictions(practice_run(summary.run, 3))}
        own = [e for e in ledger.self_edits(practice_run(summary.run, 3), document.id) if e.id in told]
        trained = {c.self_edit for c in ledger.candidates(practice_run(summary.run, 3), document.id)
                   if ledger.training(c.id)}  # fmt: skip
        best = sorted(own, key=lambda e: (-told[e.id], e.id))[:3]
        assert {e.id for e in best} <= trained
        assert len(trained) == 4


def test_without_screening_it_only_tells(tmp_path: Path, source: str) -> None:
    more = {"improve.rounds": "3", "improve.documents": "4", "improve.screen": "1"}
    context, summary = improving(tmp_path, source, WORTH, more)
    assert [r.screened for r in rounds_of(context, summary)] == [0, 0, 0]
    assert rounds_of(context, summary)[2].calibration is not None


def test_the_graph_begins_a_run_that_nobody_wrote_down(tmp_path: Path, source: str) -> None:
    """As in `langgraph dev`, where the graph is all there is."""
    context = FakeContext(tmp_path / "home", SMALL | {"improve.rounds": "1"}, articles=ARTICLES)
    state: ImproveState = {"improve": "fresh", "sources": [source]}
    improve_graph().compile().invoke(state, {"recursion_limit": 1000}, context=context)
    assert (context.ledger.run("fresh").kind, len(context.ledger.rounds("fresh"))) == ("improve", 1)


def test_the_docs_show_the_graph_as_it_is() -> None:
    text = (Path(__file__).parents[3] / "docs" / "improve.md").read_text()
    drawn = mermaid(improve_graph().compile(name="improve"))
    assert drawn in text, "paste what `python -m graphs.studio improve` prints into docs/improve.md"
