"""What every ledger must do with policies, promotions and rounds."""

from __future__ import annotations

import pytest

from agent.errors import StoreError
from agent.planning.policy import untrained
from agent.ports.ledger import Ledger
from agent.records.rounds import (
    Action,
    ArmResult,
    Difference,
    PlannerPolicy,
    Practised,
    Prediction,
    Promotion,
    Round,
    Trial,
    WriterPolicy,
)  # fmt: skip
from tests.fakes.ledger_samples import add_chain, chain, start


def policy(run: str = "run-1.1.practice", base: str = "tiny") -> PlannerPolicy:
    blank = untrained(base, ("passage", "facts"))
    learned = {key: getattr(blank, key) for key in ("centre", "scale", "mean", "covariance")}
    return PlannerPolicy.make(run, "learned", base, blank.strategies, **learned, learned_from=8)


def round_of(number: int, acting: str = "p1", challenger: str = "p2") -> Round:
    trial = Trial(
        document="d", action=Action(strategy="facts", rate=2.0), candidate="c", gain=0.5, forgetting=0.25, tokens=90
    )
    found = Difference(n=4, mean=0.1, low=-0.1, high=0.3, p_value=0.2)
    return Round(
        run="run-1", number=number, base="tiny", acting=acting, challenger=challenger,
        practised=Practised(documents=2, candidates=4, tokens=360, actions={"facts x2": 4},
                            rewards=(0.1, 0.2, 0.3, 0.4), predicted=(0.0, 0.0, 0.1, 0.1)),
        results=(ArmResult(arm="current", policies=(acting,), trials=(trial,)),), differences={"learned": found},
        refused=1, word="keep", reason="not shown to be better", seconds=7.5,
    )  # fmt: skip


class LedgerPolicies:
    """Inherit, and define a fixture `ledger` that is empty."""

    def test_a_policy_is_kept_once(self, ledger: Ledger) -> None:
        assert ledger.add_policy(policy())
        assert not ledger.add_policy(policy())
        assert ledger.policy(policy().id, PlannerPolicy) == policy()
        assert ledger.policies("run-1.1.practice", PlannerPolicy) == [policy()]
        assert ledger.policies("run-1.2.practice", PlannerPolicy) == []

    def test_a_policy_that_is_not_there_is_an_error(self, ledger: Ledger) -> None:
        with pytest.raises(StoreError, match="PlannerPolicy"):
            ledger.policy("none", PlannerPolicy)

    def test_the_last_promotion_of_a_base_acts(self, ledger: Ledger) -> None:
        first, second = policy(), policy("run-1.2.practice")
        for one in (first, second):
            ledger.add_policy(one)
        promotions = [
            Promotion.make("planner", "run-1", 1, "tiny", first.id, "", "better"),
            Promotion.make("planner", "run-1", 2, "tiny", second.id, first.id, "better still"),
        ]
        assert [ledger.promote(promotion) for promotion in (*promotions, promotions[0])] == [True, True, False]
        assert ledger.promotions("tiny", "planner") == promotions
        assert ledger.promotions("other", "planner") == []

    def test_writers_and_planners_are_kept_apart(self, ledger: Ledger) -> None:
        writer = WriterPolicy.make(
            "run-1.1.practice", "learned", "tiny", "sft", adapter="ab12", dataset="one.jsonl", learned_from=24
        )
        assert ledger.add_policy(writer)
        assert not ledger.add_policy(writer)
        assert ledger.add_policy(policy())
        assert ledger.policy(writer.id, WriterPolicy) == writer
        assert ledger.policies("run-1.1.practice", WriterPolicy) == [writer]
        assert ledger.policies("run-1.1.practice", PlannerPolicy) == [policy()]
        plans = Promotion.make("planner", "run-1", 1, "tiny", policy().id, "", "better")
        writes = Promotion.make("writer", "run-1", 2, "tiny", writer.id, "", "better")
        assert ledger.promote(plans)
        assert ledger.promote(writes)
        assert (ledger.promotions("tiny", "planner"), ledger.promotions("tiny", "writer")) == ([plans], [writes])
        with pytest.raises(StoreError, match="WriterPolicy"):
            ledger.policy(policy().id, WriterPolicy)

    def test_what_is_promoted_must_be_there(self, ledger: Ledger) -> None:
        with pytest.raises(StoreError):
            ledger.promote(Promotion.make("planner", "run-1", 1, "tiny", "nobody", "", "better"))

    def test_a_round_is_written_down_once(self, ledger: Ledger) -> None:
        ledger.start_run("run-1", "improve", {}, [])
        assert ledger.add_round(round_of(1))
        assert not ledger.add_round(round_of(1, challenger="another"))
        assert ledger.add_round(round_of(2))
        assert ledger.rounds("run-1") == [round_of(1), round_of(2)]
        assert ledger.rounds("run-2") == []

    def test_the_first_prediction_of_a_self_edit_stands(self, ledger: Ledger) -> None:
        start(ledger)
        add_chain(ledger, it := chain())
        told = [Prediction(self_edit=it.self_edit.id, run="run-1", value=v, learned_from=20) for v in (0.25, 0.5)]
        for prediction in told:
            ledger.add_predictions([prediction])
        assert ledger.predictions("run-1") == told[:1]
        assert ledger.predictions("run-2") == []

    def test_round_and_promotion_happen_together_or_not_at_all(self, ledger: Ledger) -> None:
        ledger.start_run("run-1", "improve", {}, [])

        def close() -> None:
            with ledger.transaction():
                ledger.add_round(round_of(1))
                ledger.promote(Promotion.make("planner", "run-1", 1, "tiny", "nobody", "", "better"))

        with pytest.raises(StoreError):
            close()
        assert ledger.rounds("run-1") == []
