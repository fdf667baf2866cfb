"""A home folder of before the great rebuilding: all that seal said of it then it says today, and it goes on with it.

`tests/data/make_home_of_before.py` says how the home came to be. Its runs, all over the fake engine: five finished
ingests, with adapters published, taken back, learned again, refused and waiting; documents that were not decided on,
rejected, failed, not measurable; a finished run of the outer loop with a planner and a writer that a person let
through; an ingest that Ctrl-C ended in training, and a run of the outer loop that was killed in its second round.
"""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import isclose
from pathlib import Path
from typing import Any

import pytest

from graphs.context import Context
from tests.app.fake_seal import LENIENT, Seal
from tests.fakes.engine import FakeModel, FakeTrainer
from tests.fakes.house import fake_makers, known_answers

DATA = Path(__file__).parents[1] / "data"
SOURCES = DATA / "sources_of_before"
SAID: dict[str, Any] = json.loads((DATA / "home_of_before_expected.json").read_text(encoding="utf-8"))
"""What seal said then, by command."""
THEN = "/tmp/seal-home-of-before/home"
NEWS, CUT, DIED = "20261101-0901-0001", "20261101-0908-0008", "20261101-0909-0009"
"""The first run, the ingest that was cut off, and the run of the outer loop that was."""
PRACTICE = f"{DIED}.2.practice"
TIMES, ASKED_LAST = frozenset({"seconds"}), frozenset({"questions"})
"""What differs where a run goes on, and what its last step adds to a document that is closed."""


@cache
def articles() -> list[Any]:
    """Those of all sources, but for a broken line."""
    lines = [line for path in sorted(SOURCES.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    return [json.loads(line) for line in lines if line.endswith("}")]


@cache
def answers() -> dict[str, str]:
    """To the probes that the code of today makes, and to those that were made then."""
    traced = (document for trace in SAID["traces"].values() for document in trace.get("documents", ()))
    then = {probe["question"]: probe["answer"] for document in traced for probe in document["probes"]}
    return known_answers([article for article in articles() if "questions" in article]) | then


@dataclass
class Home:
    """A copy of the home. `trained` are the candidates that were trained in it since, each as often as it was."""

    seal: Seal
    trainers: list[FakeTrainer]

    @property
    def trained(self) -> list[str]:
        return [candidate for trainer in self.trainers for candidate in trainer.trained]

    def json(self, *command: str | Path) -> Any:
        """What a command prints, with the home's place in it as it was then."""
        text = json.dumps(self.seal.json(*command))
        for place in (self.seal.home.resolve(), self.seal.home):
            text = text.replace(json.dumps(str(place))[1:-1], THEN)
        return json.loads(text)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    trainers: list[FakeTrainer] = []

    def trainer(_: Context) -> FakeTrainer:
        trainers.append(made := FakeTrainer())
        made.logprob_of, made.learns_passages = {"sentences": -3.0}, False
        return made

    makers = fake_makers(model=lambda _: FakeModel(answers()), trainer=trainer)
    return Home(Seal(shutil.copytree(DATA / "home_of_before", tmp_path / "home"), makers), trainers)


def lost(before: Any, now: Any, but: frozenset[str] = frozenset(), at: str = "") -> Iterator[str]:
    """What was said before and is not said now. Objects may have more keys now; `but` are keys that do not count."""
    match before, now:
        case dict(), dict():
            for key, value in before.items():
                if key not in now:
                    yield f"{at}.{key} is gone"
                elif key not in but:
                    yield from lost(value, now[key], but, f"{at}.{key}")
        case list(), list() if len(before) == len(now):
            for place, (one, other) in enumerate(zip(before, now, strict=True)):
                yield from lost(one, other, but, f"{at}[{place}]")
        case float(), int() | float() if isclose(before, now, abs_tol=1e-9):
            pass
        case _ if before != now:
            yield f"{at}: {before!r} then, {now!r} now"


def check_said(name: str, now: Any, but: frozenset[str] = frozenset()) -> None:
    assert list(lost(SAID[name], now, but)) == []


def candidates(trace: Any, trained: bool) -> set[str]:
    """Those of a trace that are trained, or those that are to be and are not."""
    found = [c for document in trace["documents"] for c in document["candidates"] if not c["members"]]
    return {str(c["id"]) for c in found if (c["training"] is not None) is trained}


def test_what_is_lost_is_found() -> None:
    before = {"a": [{"b": 1.0, "seconds": 2}, "c"]}
    assert list(lost(before, {"a": [{"b": 1, "seconds": 3, "more": 0}, "c"]}, TIMES)) == []
    found = list(lost(before, {"a": [{"b": 1.1}, "c"]}, TIMES))
    assert found == [".a[0].b: 1.0 then, 1.1 now", ".a[0].seconds is gone"]
    assert len(list(lost(before, {"a": ["c"]}))) == 1, "a list that is shorter"
    assert list(lost(before, {})) == [".a is gone"]


@pytest.mark.parametrize("command", ["status", "adapters", "approve", "trace"])
def test_the_same_is_said_of_it(command: str, home: Home) -> None:
    check_said(command, home.json(command))


def test_every_run_is_traced_as_it_was(home: Home) -> None:
    now = {run: home.json("trace", run) for run in SAID["traces"]}
    check_said("traces", now)
    assert {CUT, DIED, PRACTICE} < now.keys()


def test_the_same_adapters_answer(home: Home) -> None:
    questions = [said["question"] for said in SAID["ask"]]
    check_said("ask", [home.json("ask", question, "--show-adapters", *LENIENT) for question in questions])
    answered = [said for said in SAID["ask"] if said["adapter"] and said["answer"] == answers()[said["question"]]]
    assert {said["adapter"] for said in answered} == {a["id"] for a in SAID["adapters"]["current"]}
    check_said("explain", home.json("explain", SAID["explain"]["question"], *LENIENT))


def test_the_adapters_are_measured_as_they_were(home: Home) -> None:
    check_said("eval", {suite: home.json("eval", suite) for suite in ("retention", "drift")})


def test_what_is_learned_is_taken_back_beside_what_was_before(home: Home) -> None:
    check_said("rollback", home.json("rollback"))
    (gone,) = SAID["rollback"]["taken_back"]
    now = home.json("adapters")
    assert [a["id"] for a in now["current"]] == SAID["rollback"]["current"]
    assert [back["removed"] for back in now["went_back"]] == [
        *(back["removed"] for back in SAID["adapters"]["went_back"]), gone["id"]
    ]  # fmt: skip
    question = next(said["question"] for said in SAID["ask"] if said["adapter"] == gone["id"])
    assert home.json("ask", question, *LENIENT)["adapter"] != gone["id"]
    assert home.json("status")["winners"] == SAID["status"]["winners"] - 1


@pytest.mark.parametrize("kind", ["planner", "writer"])
def test_a_policy_is_taken_back(kind: str, home: Home) -> None:
    check_said(f"rollback --policy {kind}", home.json("rollback", "--policy", kind))
    assert SAID["status"][kind].startswith(SAID[f"rollback --policy {kind}"]["taken_back"])
    assert home.json("status")[kind] is None


def test_what_waits_is_published_by_a_yes(home: Home) -> None:
    (waits,) = SAID["approve"]["waiting"]
    check_said("approve --yes", home.json("approve", waits["id"], "--yes"))
    assert [a["id"] for a in home.json("adapters")["current"]] == [
        *(a["id"] for a in SAID["adapters"]["current"]), waits["adapter"]["id"]
    ]  # fmt: skip
    (article,) = (one for one in articles() if one["title"] == waits["title"])
    asked = [(home.json("ask", one["question"], *LENIENT), one["answer"]) for one in article["questions"]]
    assert any(said["answer"] == right and said["adapter"] == waits["adapter"]["id"] for said, right in asked)
    assert home.json("status")["waiting"] == 0


def test_what_waits_is_refused_by_a_no(home: Home) -> None:
    (waits,) = SAID["approve"]["waiting"]
    check_said("approve --no", home.json("approve", waits["id"], "--no"))
    before, now = SAID["status"], home.json("status")
    assert (now["adapters"], now["winners"], now["waiting"]) == (before["adapters"], before["winners"] - 1, 0)
    refused = "refused by a person"
    assert now["outcomes"][refused] == before["outcomes"][refused] + 1
    (again,) = (d for d in home.json("trace", waits["run"])["documents"] if d["document"]["title"] == waits["title"])
    assert again["outcome"] == refused


@pytest.mark.parametrize("rebuilt", [False, True])
def test_the_memory_recalls_what_it_did(rebuilt: bool, home: Home) -> None:
    if rebuilt:
        check_said("memory rebuild", home.json("memory", "rebuild"))
        assert SAID["memory rebuild"]["winners"] == SAID["status"]["winners"]
    rows = (home.seal.home / "dataset.jsonl").read_text(encoding="utf-8").splitlines()
    assert home.json("ingest", SOURCES / "new.jsonl", *LENIENT)["published"] == 1
    now = [event["data"]["recalled"] for event in home.json("trace")["events"] if event["step"] == "recall"]
    check_said("recalled", now)
    assert set(rows) < set((home.seal.home / "dataset.jsonl").read_text(encoding="utf-8").splitlines())


def test_what_was_read_before_is_known(home: Home) -> None:
    for name, documents in {"asking": 2, "more": 2, "served": 1}.items():
        summary = home.json("ingest", SOURCES / f"{name}.jsonl", *LENIENT)
        assert (summary["documents"], summary["skipped"]) == (0, documents)
    summary = home.json("ingest", SOURCES / "cut.jsonl", *LENIENT)
    assert (summary["documents"], summary["skipped"], len(summary["notes"])) == (0, 3, 1)
    assert f"--resume {CUT}" in summary["notes"][0]


def test_what_failed_is_tried_again_and_what_was_taken_back_is_not(home: Home) -> None:
    summary = json.loads(home.seal("ingest", SOURCES / "news.jsonl", *LENIENT, "--json").stdout)
    assert [row["title"] for row in summary["results"]] == ["Tarn Bridge Closes"]
    assert summary["skipped"] == len(SAID["traces"][NEWS]["documents"]) - 1
    assert "line 9: not JSON" in summary["failures"][0]


def test_every_key_of_its_configuration_is_known(home: Home) -> None:
    file = DATA / "seal_of_before.toml"
    run = home.json("ingest", SOURCES / "new.jsonl", "--config", file)["run"]
    given = tomllib.loads(file.read_text(encoding="utf-8"))
    del given["home"]  # --home wins
    assert list(lost(given, home.json("trace", run)["run"]["config"])) == []


def test_the_ingest_goes_on_in_the_document_that_it_was_cut_off_in(home: Home) -> None:
    before = SAID["traces"][CUT]
    assert [d["outcome"] for d in before["documents"]] == ["published", "unfinished", "unfinished"]
    summary = home.json("ingest", "--resume", CUT)
    said = SAID["ingest --resume"]
    then, now_told = ([told["results"][0], {**told["results"][1], "gate": ""}] for told in (said, summary))
    assert list(lost(then, now_told)) == [], "but for the second one's gate, which is today's"
    assert set(said) <= set(summary)
    now = home.json("trace", CUT)
    assert [d["outcome"] for d in now["documents"][:2]] == ["published"] * 2
    assert now["documents"][2]["outcome"] in ("published", "undecided"), "asked what the code of today asks of it"
    assert list(lost(before["events"], now["events"][: len(before["events"])])) == []
    assert list(lost(before["documents"][0], now["documents"][0], ASKED_LAST)) == []
    for kept in ("document", "probes", "plans", "base_scores"):
        assert list(lost(before["documents"][1][kept], now["documents"][1][kept])) == []
    check_trained_once(home, candidates(before, trained=True), candidates(now, trained=True))
    assert candidates(before, trained=False) < set(home.trained), "the candidate that was not written down yet"
    check_done(home, CUT)


def test_the_outer_loop_goes_on_in_the_round_that_it_was_killed_in(home: Home) -> None:
    before = SAID["traces"][DIED]
    assert [r["number"] for r in before["rounds"]] == [1]
    check_said("improve --resume", home.json("improve", "--resume", DIED), TIMES)
    now = home.json("trace", DIED)
    assert [(r["number"], r["kind"]) for r in now["rounds"]] == [(1, "planner"), (2, "writer")]
    assert list(lost(before["rounds"], now["rounds"][:1])) == []
    assert list(lost(before["events"], now["events"][: len(before["events"])])) == []
    practised, half = home.json("trace", PRACTICE), SAID["traces"][PRACTICE]
    assert [d["outcome"] for d in half["documents"]] == ["measured", "unfinished"]
    assert [d["outcome"] for d in practised["documents"]] == ["measured", "measured"]
    for one, other in zip(half["documents"], practised["documents"], strict=True):
        assert list(lost(one["plans"], other["plans"])) == []
    tested = home.json("trace", f"{DIED}.2.held-out")
    known = candidates(half, trained=True)
    check_trained_once(home, known, candidates(practised, trained=True) | candidates(tested, trained=True))
    assert candidates(half, trained=False) < set(home.trained), "those that were not written down yet"
    check_done(home, DIED)


@pytest.mark.parametrize(("verb", "run", "at_work"), [("ingest", CUT, CUT), ("improve", DIED, PRACTICE)])
def test_a_run_goes_on_with_the_step_that_it_was_cut_off_in(verb: str, run: str, at_work: str, home: Home) -> None:
    """By its checkpoint. Without it the document in hand would begin anew, with what the ledger knows of it."""
    home.json(verb, "--resume", run)
    before, now = SAID["traces"][at_work]["events"], home.json("trace", at_work)["events"]
    assert now[len(before)]["step"] == "train"
    steps = [event["step"] for event in now if event["document"] == now[len(before)]["document"]]
    assert {steps.count(step) for step in ("probe", "plan", "check", "close")} == {1}


def check_trained_once(home: Home, before: set[str], now: set[str]) -> None:
    """Nothing that was trained before is trained again, and all else is, once."""
    assert before
    assert sorted(home.trained) == sorted(now - before)
    assert before < now


def check_done(home: Home, run: str) -> None:
    status = home.json("status")
    assert {r["run"]: r["status"] for r in status["recent_runs"]}[run] == "done"
    assert status["unfinished"] == {other: left for other, left in SAID["status"]["unfinished"].items() if other != run}
