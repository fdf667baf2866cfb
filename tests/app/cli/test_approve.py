"""People in the loop: what waits, what goes on meanwhile, and what a yes or a no does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.config import load_config
from agent.ledger import open_ledger
from agent.records import OutcomeKind
from tests.app.fake_seal import LENIENT, Seal

ASKING = ("--approve", "publish", *LENIENT)


@pytest.fixture
def asked(seal: Seal, articles: Path) -> list[dict[str, Any]]:
    """Two adapters that the gate let through, and that wait."""
    told = seal.json("ingest", articles, *ASKING)
    assert told["published"] == 0
    found: list[dict[str, Any]] = seal.json("approve")["waiting"]
    assert len(found) == 2, "one that waits does not block the next document"
    return found


def outcomes(seal: Seal) -> list[OutcomeKind]:
    with open_ledger(load_config(home=seal.home).ledger_url) as ledger:
        (run,) = ledger.runs()
        return [outcome.kind for outcome in ledger.outcomes(run.id).values()]


def test_what_waits_is_listed_with_its_evidence(seal: Seal, asked: list[dict[str, Any]]) -> None:
    told = seal("approve").stdout
    for approval in asked:
        assert approval["id"] in told
        assert approval["title"] in told
        assert "held-out questions right before" in approval["evidence"]
    assert "2 for your word" in seal("status").stdout
    assert outcomes(seal) == ["waits for approval"] * 2
    assert "nothing" not in told


def test_a_yes_publishes_and_a_no_does_not(seal: Seal, asked: list[dict[str, Any]]) -> None:
    first, second = asked
    yes = seal("approve", first["id"], "--yes", "--why", "read it, it is right")
    assert yes.exit_code == 0, yes.output
    assert f"published: {first['title']}; 1 other left" in yes.stdout
    assert "refused" in seal("approve", second["id"], "--no", "--why", "the source is wrong").stdout
    current = seal.json("adapters")["current"]
    assert [adapter["title"] for adapter in current] == [first["title"]]
    assert "approved: read it" in seal("adapters").stdout
    assert outcomes(seal) == ["published", "refused by a person"]
    assert "nothing waits" in seal("approve").stdout
    assert seal.json("status")["winners"] == 1, "who was refused taught nothing"


def test_the_adapter_answers_once_it_is_approved(seal: Seal, asked: list[dict[str, Any]]) -> None:
    before = seal.json("ask", "Who is in charge of the Orrin mill?", *LENIENT)
    assert before["adapter"] in (None, "")
    mill = next(approval for approval in asked if "Orrin" in approval["title"])
    seal("approve", mill["id"], "--yes")
    after = seal.json("ask", "Who is in charge of the Orrin mill?", *LENIENT)
    assert after["answer"] == "Anna Moss"


def test_what_was_answered_is_not_answered_again(seal: Seal, asked: list[dict[str, Any]]) -> None:
    id = asked[0]["id"]
    assert seal("approve", id, "--yes").exit_code == 0
    again = seal("approve", id, "--no")
    assert again.exit_code == 2
    assert "was answered before: yes" in again.stderr
    assert len(seal.json("adapters")["current"]) == 1


def test_what_waits_is_not_learned_again(seal: Seal, asked: list[dict[str, Any]], articles: Path) -> None:
    told = seal.json("ingest", articles, *ASKING)
    assert (told["documents"], told["skipped"]) == (0, 2)
    assert len(seal.json("approve")["waiting"]) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--yes",), "to what"), (("x", "--yes", "--no"), "either"), (("x",), "either"), (("x", "--yes"), "nothing of")],
)
def test_what_is_wrong_is_said(seal: Seal, asked: list[dict[str, Any]], arguments: tuple[str, ...], said: str) -> None:
    done = seal("approve", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
