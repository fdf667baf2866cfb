"""What an endpoint's bad answer does to a feed: it fails its document and no other; a bad endpoint stops the run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.errors import EndpointError
from tests.fakes.house import ARTICLES, FakeContext, write_articles
from tests.fakes.openai_server import Asked, FakeOpenAI, Fault
from tests.graphs.ingesting import ingest

MILL, KESTREL = (str(article["title"]) for article in ARTICLES)


def proposal(asked: Asked) -> dict[str, Any]:
    usual = {"instruction": "", "epochs": 5, "learning_rate": 1e-3, "reason": "fits"}
    return {"plans": [{"strategy": name, **usual} for name in ("facts", "cloze", "sentences")]}


def good(asked: Asked) -> str:
    """A model that plans, finds a question and writes."""
    if asked.schema is None:
        return "1. Anna Moss runs the mill at Orrin.\n2. Ilse Brandt was the captain of the ferry Kestrel."
    return json.dumps(proposal(asked) if "plans" in asked.schema["properties"] else {"questions": []})


def mute_about(title: str) -> Callable[[Asked], str]:
    return lambda asked: "I would rather not." if title in asked.user else good(asked)


ROLES = {
    "planner": {"plan.planner": "chat", "plan.endpoint": "main"},
    "prober": {"probe.written": "2", "probe.endpoint": "main"},
    "writer": {"plan.strategies": '["rewrite"]', "write.endpoint": "main"},
}


def context_with(server: FakeOpenAI, home: Path, role: str) -> FakeContext:
    endpoint = f'{{url = "{server.url}", model = "fake-model", attempts = 1, timeout = 5.0}}'
    return FakeContext(home, {"endpoints.main": endpoint, **ROLES[role]})


def start(context: FakeContext, source: Path, run: str = "r1") -> dict[str, str]:
    """Outcomes by title."""
    ledger = context.ledger
    ingest(context, source, run=run)
    return {ledger.document(id).title: str(outcome) for id, outcome in ledger.outcomes(run).items()}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "articles.jsonl")


@pytest.mark.parametrize("role", ["planner", "prober"])
def test_nonsense_about_one_document_fails_it_and_the_next_is_learned(role: str, tmp_path: Path, source: Path) -> None:
    with FakeOpenAI(mute_about(MILL)) as server:
        context = context_with(server, tmp_path / "home", role)
        outcomes = start(context, source)
        assert outcomes[MILL].startswith("failed: endpoint 'main'")
        assert "without a JSON object: 'I would rather not.'" in outcomes[MILL]
        assert outcomes[KESTREL] == "published"
        (failed,) = [e for e in context.ledger.events("r1") if e.status == "failed"]
        assert failed.step == {"planner": "plan", "prober": "probe"}[role]
        assert outcomes[MILL] == f"failed: {failed.message}"

        server.answer = good
        assert start(context, source, "r2") == {MILL: "published"}, "the failed one alone is tried again"


@pytest.mark.parametrize("role", ["planner", "prober"])
@pytest.mark.parametrize(
    "fault", [Fault("status", 400, "blocked by the content filter"), Fault("status", 500), Fault("empty")],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)  # fmt: skip
def test_a_text_that_the_server_does_not_take_fails_alone(
    role: str, fault: Fault, tmp_path: Path, source: Path
) -> None:
    with FakeOpenAI(good, faults_on={MILL: fault}) as server:
        outcomes = start(context_with(server, tmp_path / "home", role), source)
    assert outcomes[MILL].startswith("failed: endpoint 'main'")
    assert outcomes[KESTREL] == "published"


def test_a_writer_that_writes_nothing_usable_fails_the_document(tmp_path: Path, source: Path) -> None:
    with FakeOpenAI(good, faults_on={MILL: Fault("empty")}) as server:
        context = context_with(server, tmp_path / "home", "writer")
        outcomes = start(context, source)
    assert outcomes[MILL] == "failed: no self-edit could be written"
    assert not outcomes[KESTREL].startswith("failed")
    failed = [e for e in context.ledger.events("r1") if e.status == "failed"]
    assert {e.step for e in failed} == {"write"}
    assert all("empty answer" in e.message for e in failed)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("status", 401), "HTTP 401"), (Fault("status", 404), "HTTP 404"), (Fault("status", 429), "HTTP 429"),
        (Fault("status", 500), "HTTP 500"), (Fault("page"), "not JSON|not the chat API"),
    ],
    ids=["key", "model", "limit", "down", "page"],
)  # fmt: skip
def test_what_concerns_every_document_stops_the_run(
    role: str, fault: Fault, said: str, tmp_path: Path, source: Path
) -> None:
    with FakeOpenAI(good, faults_on={"fake-model": fault}) as server:
        context = context_with(server, tmp_path / "home", role)
        with pytest.raises(EndpointError, match=said):
            start(context, source)
    assert context.ledger.outcomes("r1") == {}, "no document is marked failed"


@pytest.mark.parametrize("role", ROLES)
def test_a_server_that_is_not_there_stops_the_run(role: str, tmp_path: Path, source: Path) -> None:
    with FakeOpenAI(good) as server:
        context = context_with(server, tmp_path / "home", role)
    with pytest.raises(EndpointError, match="cannot be reached"):
        start(context, source)
    assert context.ledger.outcomes("r1") == {}
