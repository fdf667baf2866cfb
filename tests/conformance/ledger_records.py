"""What every ledger must do with records: keep them, find them, and take each one once."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from agent.errors import StoreError
from agent.ports import Ledger
from agent.records import Document, Event, Figure, Outcome, Question, Retention, Reward, Usage, Used
from tests.fakes.ledger_samples import add_chain, chain, published, start


def everything(ledger: Ledger, run: str, document: str, candidate: str) -> dict[str, Any]:
    """All that a ledger answers about one candidate, to compare before and after."""
    return {
        "documents": ledger.documents(run),
        "outcomes": ledger.outcomes(run),
        "plans": ledger.plans(run, document),
        "self_edits": ledger.self_edits(run, document),
        "candidates": ledger.candidates(run),
        "training": ledger.training(candidate),
        "probes": ledger.probes(document),
        "scores": ledger.scores(run, candidate, document),
        "routed": ledger.routed_answers(run, document),
        "retention": ledger.retention(run, candidate),
        "drift": ledger.drift(run, candidate),
        "reward": ledger.reward(candidate),
        "rewards": ledger.strategy_rewards("tiny"),
        "decision": ledger.decision(candidate),
        "winners": ledger.winners(),
        "library": ledger.library(),
        "current": ledger.current(),
        "events": ledger.events(run),
    }


def used(*figures: float) -> Used:
    return Used.model_validate(dict(zip(Used.model_fields, figures, strict=True)))


PUBLISHED, REJECTED, FAILED = Outcome(kind="published"), Outcome(kind="rejected"), Outcome.failed("no answer came")


class LedgerRecords:
    """Inherit, and define a fixture `ledger` that is empty."""

    def test_run_is_running_until_it_is_finished(self, ledger: Ledger) -> None:
        ledger.start_run("run-1", "ingest", {"rank": 8}, ["feed.xml", "page"])
        (running,) = ledger.runs()
        assert running.status == "running"
        assert running.finished_at is None
        ledger.finish_run("run-1", "done", {"published": 2})
        (done,) = ledger.runs()
        assert done.finished_at is not None
        assert done.finished_at >= done.started_at == running.started_at
        assert (done.id, done.kind, done.status, done.config) == ("run-1", "ingest", "done", {"rank": 8})
        assert (done.sources, done.summary) == (("feed.xml", "page"), {"published": 2})
        assert (done.parent, done.round, done.trains) == (None, None, None)

    def test_a_run_of_a_round_knows_its_outer_loop(self, ledger: Ledger) -> None:
        ledger.start_run("run-1", "improve", {}, [])
        ledger.start_run("any name", "practice", {}, [], "run-1", 2, "writer")
        ledger.start_run("any name", "practice", {}, [])
        found = ledger.run("any name")
        assert (found.parent, found.round, found.trains) == ("run-1", 2, "writer"), "as it was first started"

    def test_trainings_are_counted_by_run(self, ledger: Ledger) -> None:
        for name, run in (("a", "run-1"), ("b", "run-1"), ("c", "run-2")):
            start(ledger, run)
            add_chain(ledger, chain(name, run))
        assert ledger.trained(["run-1"]) == (2, 160)
        assert ledger.trained(["run-1", "run-2", "run-3"]) == (3, 240)
        assert ledger.trained(["run-3"]) == ledger.trained([]) == (0, 0)

    def test_run_started_again_goes_on_with_its_first_config(self, ledger: Ledger) -> None:
        ledger.start_run("run-1", "ingest", {"rank": 8}, ["feed.xml"])
        add_chain(ledger, chain())
        ledger.finish_run("run-1", "stopped", {})
        ledger.start_run("run-1", "ingest", {"rank": 99}, [])
        (again,) = ledger.runs()
        assert (again.status, again.config, again.sources) == ("running", {"rank": 8}, ("feed.xml",))

    def test_a_run_that_began_runs_of_its_own_goes_on_with_its_first_config(self, ledger: Ledger) -> None:
        """They measure, it does not."""
        ledger.start_run("run-1", "improve", {"rank": 8}, [])
        ledger.start_run("another's", "practice", {"rank": 8}, [], "run-10", 1, "planner")
        ledger.start_run("run-1", "improve", {"rank": 9}, [])
        ledger.start_run("its own", "practice", {"rank": 9}, [], "run-1", 1, "planner")
        ledger.start_run("run-1", "improve", {"rank": 99}, [])
        assert [run.config["rank"] for run in ledger.runs()] == [9, 8, 9]

    def test_a_config_that_was_measured_under_can_be_changed_on_purpose(self, ledger: Ledger) -> None:
        start(ledger)
        add_chain(ledger, chain())
        ledger.start_run("other", "ingest", {"rank": 4}, [])
        ledger.change_config("run-1", {"rank": 2})
        ledger.start_run("run-1", "ingest", {"rank": 99}, [])
        assert [run.config for run in ledger.runs()] == [{"rank": 2}, {"rank": 4}]
        with pytest.raises(StoreError, match="nobody"):
            ledger.change_config("nobody", {})

    def test_run_started_again_before_it_measured_anything_takes_the_new_config(self, ledger: Ledger) -> None:
        ledger.start_run("run-1", "ingest", {"rank": 8}, ["feed.xml"])
        ledger.start_run("other", "ingest", {"rank": 4}, [])
        ledger.add_document(chain().document, "run-1")
        ledger.start_run("run-1", "ingest", {"rank": 99}, [])
        first, other = ledger.runs()
        assert (first.config, first.sources) == ({"rank": 99}, ("feed.xml",))
        assert other.config == {"rank": 4}

    def test_a_run_lasts_as_long_as_all_its_sittings_and_not_the_time_between(self, ledger: Ledger) -> None:
        def sit(at_the_end: Callable[[], None]) -> float:
            began = time.perf_counter()
            start(ledger, "run-1")
            time.sleep(0.1)
            at_the_end()
            return time.perf_counter() - began

        killed = sit(lambda: ledger.add_event(Event(run="run-1", step="train")))
        time.sleep(1.0)
        finished = sit(lambda: ledger.finish_run("run-1", "done", {}))
        (run,) = ledger.runs()
        assert 0.2 <= run.seconds <= killed + finished
        assert (run.sittings, run.process) == (2, os.getpid())
        assert run.began_at > run.started_at + 1.0

    def test_the_time_of_one_run_is_not_that_of_another(self, ledger: Ledger) -> None:
        start(ledger, "run-1", "run-2")
        time.sleep(0.1)
        ledger.add_event(Event(run="run-2", step="train"))
        first, second = ledger.runs()
        assert first.seconds == 0 < 0.1 <= second.seconds

    def test_what_a_run_does_within_another_one_is_time_of_both(self, ledger: Ledger) -> None:
        """So that a budget of hours is seen in the middle of a round."""
        start(ledger, "run-1", "run-10")
        ledger.start_run("its own", "practice", {}, [], "run-1", 1, "planner")
        time.sleep(0.1)
        ledger.add_event(Event(run="its own", step="train"))
        assert ledger.run("run-1").seconds >= ledger.run("its own").seconds >= 0.1
        assert ledger.run("run-10").seconds == 0

    def test_runs_come_in_the_order_of_their_start(self, ledger: Ledger) -> None:
        start(ledger, "z", "a", "m")
        assert [run.id for run in ledger.runs()] == ["z", "a", "m"]

    def test_finishing_an_unknown_run_is_refused(self, ledger: Ledger) -> None:
        with pytest.raises(StoreError, match="no run nobody"):
            ledger.finish_run("nobody", "done", {})

    def test_document_is_new_once(self, ledger: Ledger) -> None:
        start(ledger, "run-1", "run-2")
        document = chain().document
        assert ledger.add_document(document, "run-1") is True
        assert ledger.add_document(document, "run-1") is False
        assert ledger.add_document(document, "run-2") is False
        assert ledger.document(document.id) == document
        assert ledger.documents() == ledger.documents("run-1") == ledger.documents("run-2") == [document]
        assert ledger.documents("run-3") == []

    def test_a_document_gets_the_questions_that_it_did_not_have(self, ledger: Ledger) -> None:
        start(ledger, "run-1", "run-2")
        first = chain().document
        (own,) = first.questions
        new = Question(question="Which bridge is it?", answer="that of a")
        later = first.model_copy(
            update={"source": "elsewhere", "questions": (new, own.model_copy(update={"answer": "x"}))}
        )
        whole = first.model_copy(update={"questions": (own, new)})
        ledger.add_document(first, "run-1")
        for run in ("run-1", "run-2"):
            assert ledger.add_document(later, run) is False
            assert ledger.documents() == [whole], "and keeps what it had"
        ledger.add_document(first.model_copy(update={"questions": ()}), "run-2")
        assert ledger.document(first.id) == whole

    def test_documents_keep_the_order_in_which_each_run_read_them(self, ledger: Ledger) -> None:
        start(ledger, "run-1", "run-2")
        one, two, three = (chain(name).document for name in "abc")
        for document in (two, one):
            ledger.add_document(document, "run-1")
        for document in (one, three, two):
            ledger.add_document(document, "run-2")
        assert ledger.documents() == [two, one, three]
        assert ledger.documents("run-2") == [one, three, two]

    def test_any_text_comes_back_as_it_was(self, ledger: Ledger) -> None:
        start(ledger)
        text = 'nul \x00, quote \' " \\, emoji 🙂, e\u0301 \u202e, line\u2028 {"json": null} %s :name ?'
        document = Document.make(text, text, source="s", published="2026")
        ledger.add_document(document, "run-1")
        assert ledger.document(document.id) == document

    def test_outcome_is_that_of_the_run_that_finished_last(self, ledger: Ledger) -> None:
        start(ledger, "run-1", "run-2")
        document = chain().document
        ledger.add_document(document, "run-1")
        assert ledger.outcome(document.id, "tiny") is None
        assert ledger.outcomes("run-1") == {}
        ledger.finish_document("run-1", document.id, FAILED, "tiny")
        ledger.add_document(document, "run-2")
        assert ledger.outcome(document.id, "tiny") == FAILED
        ledger.finish_document("run-2", document.id, PUBLISHED, "tiny")
        assert ledger.outcome(document.id, "tiny") == PUBLISHED
        ledger.finish_document("run-1", document.id, REJECTED, "tiny")
        assert ledger.outcome(document.id, "tiny") == REJECTED
        assert ledger.outcomes("run-1") == {document.id: REJECTED}
        assert ledger.outcomes("run-2") == {document.id: PUBLISHED}

    def test_outcome_since_a_run_has_read_the_document(self, ledger: Ledger) -> None:
        start(ledger, "run-1", "run-2", "run-3")
        document, other = chain("a").document, chain("b").document
        for run in ("run-1", "run-2", "run-3"):
            ledger.add_document(document, run)
        ledger.finish_document("run-1", document.id, REJECTED, "tiny")
        assert ledger.outcome(document.id, "tiny", after="run-2") is None, "it had read the document before"
        ledger.finish_document("run-2", document.id, Outcome(kind="no gain"), "tiny")
        assert ledger.outcome(document.id, "tiny", after="run-2") is None, "that is its own"
        ledger.finish_document("run-3", document.id, PUBLISHED, "tiny")
        assert ledger.outcome(document.id, "tiny", after="run-2") == PUBLISHED
        assert ledger.outcome(document.id, "big", after="run-2") is None
        assert ledger.outcome(other.id, "tiny", after="run-2") is None

    def test_outcome_is_that_of_the_base_that_is_asked_for(self, ledger: Ledger) -> None:
        start(ledger, "run-1", "run-2")
        document = chain().document
        ledger.add_document(document, "run-1")
        ledger.finish_document("run-1", document.id, PUBLISHED, "tiny")
        assert ledger.outcome(document.id, "big") is None
        ledger.finish_document("run-2", document.id, REJECTED, "big")
        assert ledger.outcome(document.id, "big") == REJECTED
        assert ledger.outcome(document.id, "tiny") == PUBLISHED

    def test_events_keep_the_order_of_insertion(self, ledger: Ledger) -> None:
        told = [Event(run="run-1", step=f"s{n}", at=float(100 - n), data={"n": [n, None, "x"]}) for n in range(20)]
        for event in told:
            ledger.add_event(event)
            ledger.add_event(Event(run="other", step="noise"))
        assert ledger.events("run-1") == told
        assert ledger.events("nobody") == []

    # From the plan to the winner

    def test_every_record_of_a_chain_comes_back(self, ledger: Ledger) -> None:
        start(ledger)
        it = chain()
        add_chain(ledger, it)
        assert ledger.plans("run-1", it.document.id) == [it.plan]
        assert ledger.self_edit(it.self_edit.id) == it.self_edit
        assert ledger.self_edits("run-1", it.document.id) == [it.self_edit]
        assert ledger.candidate(it.candidate.id) == it.candidate
        assert ledger.candidates("run-1") == ledger.candidates("run-1", it.document.id) == [it.candidate]
        assert ledger.training(it.candidate.id) == it.training
        assert ledger.probes(it.document.id) == list(it.probes)
        assert ledger.scores("run-1", it.candidate.id, it.document.id) == list(it.scores)
        assert ledger.routed_answers("run-1", it.document.id) == list(it.routed)
        assert ledger.routed_answers("nobody", it.document.id) == []
        assert ledger.retention("run-1", it.candidate.id) == it.retention
        assert ledger.drift("run-1", it.candidate.id) == it.drift
        assert ledger.reward(it.candidate.id) == it.reward
        assert ledger.decision(it.candidate.id) == it.decision
        assert ledger.winners() == [it.winner]

    def test_queries_do_not_mix_runs_documents_or_subjects(self, ledger: Ledger) -> None:
        start(ledger, "run-1", "run-2")
        here, there, other = chain("a", "run-1"), chain("b", "run-1"), chain("a", "run-2")
        for it in (here, there, other):
            add_chain(ledger, it)
        assert ledger.candidates("run-1") == [here.candidate, there.candidate]
        for it in (here, there, other):
            assert ledger.plans(it.run, it.document.id) == [it.plan]
            assert ledger.self_edits(it.run, it.document.id) == [it.self_edit]
            assert ledger.candidates(it.run, it.document.id) == [it.candidate]
            assert ledger.scores(it.run, it.candidate.id, it.document.id) == list(it.scores)
            assert ledger.routed_answers(it.run, it.document.id) == list(it.routed)
        assert ledger.scores("run-1", here.candidate.id, there.document.id) == []
        assert ledger.scores("run-1", "base", here.document.id) == []

    def test_base_is_a_subject_of_each_run(self, ledger: Ledger) -> None:
        start(ledger, "run-1", "run-2")
        it = chain()
        add_chain(ledger, it)
        first, second = (
            [score.model_copy(update={"subject": "base", "answer": run, "judged": judged}) for score in it.scores]
            for run, judged in (("run-1", False), ("run-2", None))
        )  # fmt: skip
        ledger.add_scores("run-1", first)
        ledger.add_scores("run-2", second)
        ledger.add_retention("run-1", Retention(subject="base", forced=0.5, routed=0.5, logprob=-2, items=4))
        assert ledger.scores("run-1", "base", it.document.id) == first
        assert ledger.scores("run-2", "base", it.document.id) == second
        assert ledger.retention("run-2", "base") is None

    def test_usage_is_added_up_over_runs(self, ledger: Ledger) -> None:
        assert ledger.used(["run-1"]) == ledger.used([]) == used(0.0, 0, 0, 0, 0, 0.0)
        for id, run, told in (("a", "run-1", True), ("b", "run-1", False), ("c", "run-2", True)):
            usage = Usage(
                id=id, run=run, step="write", endpoint="main", model="m", prompt_tokens=100 * told,
                completion_tokens=7 * told, reported=told, money=0.25 * told,
            )  # fmt: skip
            for _ in range(2):
                ledger.add_usage(usage)
        steps: list[tuple[str, dict[str, Any]]] = [("run-1", {"gpus": 2}), ("run-1", {}), ("run-2", {"gpus": 1})]
        for run, data in steps:
            ledger.add_event(Event(run=run, step="train", data=data, seconds=1.5))
        assert ledger.used(["run-1"]) == used(3.0, 2, 1, 100, 7, 0.25)
        assert ledger.used(["run-1", "run-2"]) == used(4.5, 3, 1, 200, 14, 0.5)

    def test_nothing_is_known_of_an_untrained_candidate(self, ledger: Ledger) -> None:
        assert ledger.training("x") is None
        assert ledger.reward("x") is None
        assert ledger.decision("x") is None
        assert ledger.retention("run-1", "x") is None
        assert ledger.drift("run-1", "x") is None
        assert ledger.strategy_rewards("tiny") == {}
        assert [*ledger.winners(), *ledger.current(), *ledger.library()] == []

    @pytest.mark.parametrize("what", ["document", "self_edit", "candidate", "adapter"])
    def test_asking_for_what_is_not_there_is_a_store_error(self, ledger: Ledger, what: str) -> None:
        with pytest.raises(StoreError, match="nowhere"):
            getattr(ledger, what)("nowhere")

    def test_rewards_are_grouped_by_strategy_for_one_base(self, ledger: Ledger) -> None:
        start(ledger)
        chains = [chain("a", seed=n, strategy=s) for n, s in enumerate(["passage", "cloze", "passage"])]
        for it in [*chains, chain("a", seed=9, base="other"), chain("b", seed=3, strategy="passage")]:
            add_chain(ledger, it)
        assert ledger.strategy_rewards("tiny") == {"passage": [0.25, 2.25, 3.25], "cloze": [1.25]}
        assert ledger.strategy_rewards("other") == {"sentences": [9.25]}

    def test_numbers_that_json_does_not_know_come_back(self, ledger: Ledger) -> None:
        start(ledger)
        it = chain()
        add_chain(ledger, it)
        low = it.scores[0].model_copy(update={"subject": "base", "logprob": -math.inf})
        ledger.add_scores("run-1", [low])
        assert ledger.scores("run-1", "base", it.document.id) == [low]
        ledger.add_drift(
            "run-1",
            it.drift.model_copy(update={"subject": "base", "kl": Figure(value=math.nan, low=0, high=math.inf, n=1)}),
        )
        found = ledger.drift("run-1", "base")
        assert found is not None
        assert found.kl.value is not None
        assert (math.isnan(found.kl.value), found.kl.high) == (True, math.inf)

    # Adding again changes nothing

    def test_adding_everything_again_changes_nothing(self, ledger: Ledger) -> None:
        it = chain()
        published(ledger, it)
        ledger.finish_document("run-1", it.document.id, PUBLISHED, "tiny")
        before = everything(ledger, "run-1", it.document.id, it.candidate.id)
        for _ in range(3):
            add_chain(ledger, it)
            assert ledger.publish(it.adapter, "again") is False
            assert ledger.add_winner(it.winner) is False
        assert everything(ledger, "run-1", it.document.id, it.candidate.id) == before

    def test_the_first_record_of_a_key_stands(self, ledger: Ledger) -> None:
        start(ledger)
        it = chain()
        add_chain(ledger, it)
        ledger.add_reward(Reward(candidate=it.candidate.id, gain=9, forgetting=9, value=9))
        ledger.add_training(it.training.model_copy(update={"path": "/elsewhere"}))
        ledger.add_routed_answers("run-1", [it.routed[0].model_copy(update={"answer": "the king"})])
        assert ledger.add_winner(it.winner.model_copy(update={"reward": 9.0})) is False
        ledger.add_drift("run-1", it.drift.model_copy(update={"kl": it.drift.refusals_lost}))
        assert ledger.drift("run-1", it.candidate.id) == it.drift
        assert ledger.reward(it.candidate.id) == it.reward
        assert ledger.training(it.candidate.id) == it.training
        assert ledger.routed_answers("run-1", it.document.id) == list(it.routed)
        assert ledger.winners() == [it.winner]

    def test_lists_may_hold_known_records_repeated_records_or_none(self, ledger: Ledger) -> None:
        start(ledger)
        it, more = chain(), chain(seed=1)
        add_chain(ledger, it)
        ledger.add_plans(iter([it.plan, more.plan, more.plan]))
        ledger.add_plans([])
        ledger.add_scores("run-1", [])
        assert ledger.plans("run-1", it.document.id) == [it.plan, more.plan]

    def test_record_that_refers_to_nothing_is_refused(self, ledger: Ledger) -> None:
        it = chain()
        refused: list[Callable[[], object]] = [
            lambda: ledger.add_document(it.document, "never started"),
            lambda: ledger.add_self_edit(it.self_edit),
            lambda: ledger.add_candidates([it.candidate]),
            lambda: ledger.add_reward(it.reward),
            lambda: ledger.add_scores("run-1", it.scores),
            lambda: ledger.add_drift("run-1", it.drift),
            lambda: ledger.add_routed_answers("run-1", it.routed),
            lambda: ledger.publish(it.adapter, "better"),
        ]
        for add in refused:
            with pytest.raises(StoreError, match="does not fit"):
                add()
        assert ledger.documents() == []
        assert ledger.library() == []
