"""What `seal trace` shows of a run: which one, and every step with what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.errors import EndpointError
from tests.app.fake_seal import LENIENT, Seal
from tests.fakes.chat import FakeChat, failing_chat

CHAT_PLANS = ("--set", "plan.planner=chat", "--set", "plan.endpoint=far", "--set",
              "endpoints.far.url=http://127.0.0.1:9/v1", "--set", "endpoints.far.model=m")  # fmt: skip


def events(seal: Seal, step: str) -> list[dict[str, Any]]:
    return [e for e in seal.json("trace")["events"] if e["step"] == step]


def test_a_run_that_found_nothing_new_does_not_hide_the_one_before(seal: Seal, articles: Path) -> None:
    first = seal.ingest(articles)["run"]
    second = seal.ingest(articles)["run"]
    assert seal.json("trace")["run"]["run"] == first
    assert seal.json("trace", second)["run"]["run"] == second
    assert "known already" in seal("trace", second).stdout


def test_a_run_that_read_nothing_is_shown_where_there_is_no_other(seal: Seal, tmp_path: Path) -> None:
    missing = tmp_path / "missing.txt"
    seal("ingest", missing)
    assert f"failed read  {missing}" in seal("trace", width=400).stdout


def test_plans_stand_under_the_attempt_that_made_them(seal: Seal, articles: Path) -> None:
    down = seal.made_by(chat=lambda *_: failing_chat())
    for _ in range(2):
        assert down("ingest", articles, *LENIENT, *CHAT_PLANS).exit_code == EndpointError.exit_code
    plans_one = FakeChat(lambda *_: '{"plans": [{"strategy": "facts", "epochs": 4, "learning_rate": 0.001}]}')
    seal.made_by(chat=lambda *_: plans_one).json("ingest", articles, *LENIENT, *CHAT_PLANS)
    assert [e["status"] for e in events(seal, "plan")] == ["failed", "failed", "ok", "ok"]
    lines = seal("trace", width=200).stdout.splitlines()
    plans = sum(len(told["plans"]) for told in seal.json("trace")["documents"])
    assert sum(" epochs, seed " in line for line in lines) == plans == 2 * seal.context().config.plan.candidates
    for at, line in enumerate(lines):
        if "failed plan" in line:
            assert " epochs, seed " not in lines[at + 1]


def test_candidates_of_one_strategy_are_told_apart(seal: Seal, articles: Path) -> None:
    seal.ingest(articles)
    ledger = seal.context().ledger
    for document, checked, rewarded in zip(
        seal.json("trace")["documents"], events(seal, "check"), events(seal, "reward"), strict=True
    ):
        strategies = [plan["strategy"] for plan in document["plans"]]
        assert len(set(strategies)) < len(strategies), "one of them is planned twice"
        assert [(t["plan"], t["strategy"]) for t in checked["data"]["plans"]] == [
            (plan["id"], plan["strategy"]) for plan in document["plans"]
        ]
        told = {t["candidate"]: t["reward"] for t in rewarded["data"]["candidates"]}
        assert len(told) == len(strategies)
        assert told == {id: round(reward.value, 4) for id in told if (reward := ledger.reward(id))}
        assert rewarded["data"]["best"] == max(told.values())


def test_the_check_shows_what_passed_and_what_was_refused(seal: Seal, articles: Path) -> None:
    seal.ingest(articles)
    shown = seal("trace", width=200).stdout
    for checked in events(seal, "check"):
        plans = checked["data"]["plans"]
        passed, refused = (sum(t[what] for t in plans) for what in ("passed", "refused"))
        assert passed > 0
        assert f"ok check  passed {passed}, refused {refused}" in shown
        assert all(f"{t['strategy']}: {t['passed']} passed, {t['refused']} refused" in shown for t in plans)
