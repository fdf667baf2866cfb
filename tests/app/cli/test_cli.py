"""The commands as a person uses them, over the fake engine."""

from __future__ import annotations

import io
import json
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from agent.errors import TrainerError
from agent.records import Document
from app.cli.session import alone
from app.show.report import show_summary
from evals.meters.retention import items
from evals.probes.foresight import in_words
from evals.probes.making import make_probes
from graphs.views.summary import summarize
from tests.app.fake_seal import LENIENT, Seal, StoppedTrainer
from tests.fakes.engine import FakeModel
from tests.fakes.house import ARTICLES, write_articles

KEYS = {
    "run", "documents", "skipped", "failed", "candidates", "published", "questions", "accuracy_before",
    "accuracy_after", "seconds",
}  # fmt: skip
"""What `ingest --json` is sure to have."""


def report_of(seal: Seal, run: str, width: int) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    show_summary(summarize(seal.context().ledger, run), "seal {}".format, console)
    return console.export_text()


def test_ingest_prints_one_object_with_the_promised_keys(seal: Seal, articles: Path) -> None:
    summary = seal.ingest(articles)
    assert summary.keys() >= KEYS
    told = [summary[key] for key in ("documents", "skipped", "failed", "published", "questions")]
    assert told == [2, 0, 0, 2, 8]
    assert summary["candidates"] == 2 * seal.context().config.plan.candidates
    assert (summary["accuracy_before"], summary["accuracy_after"], summary["question_source"]) == (0.0, 7 / 8, "given")
    told = [summary[key] for key in ("routed_to_own", "routed_to_other", "routed_to_base", "accuracy_champions")]
    assert told == [7, 1, 0, 1.0], "one question has more words in common with the other article"
    assert [row["title"] for row in summary["results"]] == [a["title"] for a in ARTICLES]
    assert {row["document"] for row in summary["answers"]} == {row["document"] for row in summary["results"]}


def test_the_headline_is_what_a_person_gets(seal: Seal, articles: Path) -> None:
    """The base answers what the router sends to it, also where the right adapter would have known."""
    summary = seal.json("ingest", articles, *LENIENT, "--set", "ask.max_distance=0.01")
    assert [summary[f"routed_to_{who}"] for who in ("own", "other", "base")] == [0, 0, 8]
    assert (summary["published"], summary["accuracy_after"], summary["accuracy_champions"]) == (2, 0.0, 1.0)
    assert {row["routed_to"] for row in summary["answers"]} == {"base"}
    asked = seal.json("ask", summary["answers"][0]["question"], "--set", "ask.max_distance=0.01")
    assert (asked["answer"], asked["adapter"]) == (summary["answers"][0]["after"], None)


def test_what_was_learned_and_not_published_is_shown_beside_what_a_person_gets(seal: Seal, articles: Path) -> None:
    strict = (*LENIENT, "--set", "gate.max_kl=0")
    done = seal("ingest", articles, *strict, "--json")
    summary = json.loads(done.stdout)
    assert (summary["published"], summary["accuracy_after"], summary["accuracy_champions"]) == (0, 0.0, 1.0)
    shown = report_of(seal, summary["run"], 200)
    assert "0 of these 8 went to the adapter of their own document, 0 to another one, 8 to the base" in shown
    assert "Learned, published or not (each document's champion switched on by hand): 100%" in shown


def test_a_second_run_learns_nothing_and_says_so(learned: Seal, articles: Path) -> None:
    summary = learned.ingest(articles)
    assert [summary[key] for key in ("documents", "skipped", "failed", "candidates")] == [0, 2, 0, 0]
    assert (summary["accuracy_before"], summary["accuracy_after"]) == (None, None)
    done = learned("ingest", articles)
    assert done.exit_code == 0
    assert done.stdout == "Nothing new: 2 documents known already. Nothing was changed.\n"
    assert learned.json("status")["adapters"] == 2
    learned("rollback")
    assert "No adapter answers for 1 of them (taken back, or not published)" in learned("ingest", articles).stdout
    assert learned.ingest(articles)["unanswered"] == 1


def test_a_document_that_stands_twice_is_learned_once(seal: Seal, articles: Path) -> None:
    articles.write_text(articles.read_text() * 2)
    summary = seal.ingest(articles)
    assert [summary[key] for key in ("documents", "skipped", "published")] == [2, 2, 2]


@pytest.mark.parametrize("width", [80, 120, None])
def test_the_report_shows_every_question_under_its_title(width: int | None, seal: Seal, articles: Path) -> None:
    done = seal("ingest", articles, *LENIENT, width=width)
    lines = done.stdout.splitlines()
    for article in ARTICLES:
        assert article["title"] in lines, "the title has a line of its own"
    flat = " ".join(done.stdout.split())
    assert (flat.count("✓ "), flat.count("✗ no idea")) == (7, 8 + 1), "one is routed to the other article"
    assert "Who is in charge" in flat
    assert "0% before, 88% after, n = 8" in flat
    tables = [line for line in lines if "✓" in line or "───" in line]
    assert max(len(line.rstrip()) for line in tables) <= (width or 120)


def test_documents_of_a_feed_are_judged_on_questions_that_seal_made(seal: Seal, tmp_path: Path) -> None:
    bare = [{k: v for k, v in article.items() if k != "questions"} for article in ARTICLES]
    summary = seal.ingest(write_articles(tmp_path / "bare.jsonl", bare))
    assert summary["question_source"] == "made by seal"
    assert {row["kind"] for row in summary["answers"]} == {"parsed"}
    told = f"n = {summary['questions']} (made by seal; they reword what was trained: recall in other words"
    shown = report_of(seal, summary["run"], 400)
    assert told in shown
    assert ("Seal's own questions, in the bench: " in shown) == (summary["published"] > 0)


def test_what_seal_s_own_questions_foretell_stands_beside_what_they_published(seal: Seal, tmp_path: Path) -> None:
    bare = [{k: v for k, v in article.items() if k != "questions"} for article in ARTICLES]
    known = {p.question: p.answer for a in bare for p in make_probes(Document.make(str(a["title"]), str(a["text"])))}
    learning = seal.made_by(model=lambda _: FakeModel(known))
    summary = learning.ingest(write_articles(tmp_path / "bare.jsonl", bare))
    assert summary["published"] > 0
    assert in_words() in report_of(learning, summary["run"], 400)
    assert in_words() in " ".join(learning("trace", summary["run"], width=400).stdout.split())


def test_each_figure_says_which_questions_it_is_over(seal: Seal, articles: Path) -> None:
    done = seal("ingest", articles, *LENIENT, width=400)
    ledger = seal.context().ledger
    asked = [p.kind for d in ledger.documents() for p in ledger.probes(d.id) if not p.recall]
    made = len(asked) - 8
    assert (made > 0, asked.count("given")) == (True, 8)
    told = f"{8 + made} questions through the router (8 that came with the documents, {made} that seal made): "
    assert told in done.stderr
    assert f"n = 8 (those that came with the documents, without the {made} that seal made)" in done.stdout
    assert "7 of these 8 went to the adapter of their own document" in done.stdout
    for adapter in ledger.current():
        held = [p.kind for p in ledger.probes(adapter.document) if p.half == "heldout" and not p.recall]
        given, n = held.count("given"), len(held)
        assert f"0 of {n} held-out questions right before, {n} after; 0 of " in done.stdout
        assert f"; came with the document {given}, made by seal {n - given}). Adapter: " in done.stdout


def test_the_reward_beside_a_mean_is_said_to_be_its_best_members(seal: Seal, articles: Path) -> None:
    alone = ("--set", "plan.candidates=1", "--set", 'plan.strategies=["cloze"]')
    shown = Seal(seal.home / "alone")("ingest", articles, *LENIENT, *alone, width=400).stdout
    assert shown.count("Adapter: cloze, reward +0.") == 2
    shown = seal("ingest", articles, *LENIENT, width=400).stdout
    assert shown.count("Adapter: mean of ") == shown.count(", the best one's reward +0.") == 2


def test_trace_holds_every_step_with_its_cost(learned: Seal) -> None:
    trace = learned.json("trace")
    assert trace["run"]["status"] == "done"
    for event in trace["events"]:
        assert event["seconds"] > 0
        assert event["memory_mib"] > 0
    for told in trace["documents"]:
        assert told["outcome"] == "published"
        assert told["gate"]["verdict"] == "publish"
        assert told["champion"] in [c["id"] for c in told["candidates"]]
        trained = [c for c in told["candidates"] if not c["members"]]
        assert all(c["training"]["losses"] and c["reward"] and c["scores"] for c in trained)
        assert all(p["self_edit"]["examples"] for p in told["plans"])


def test_the_trace_tree_tells_why(learned: Seal) -> None:
    shown = " ".join(learned("trace", width=200).stdout.replace("│", " ").split())
    for word in ("Orrin Mill Opens", "ok train", "held-out accuracy 0% to 100%", f"of {len(items())} reached it",
                 "reward +0.9", "epochs",
                 "questions, before and after", "want Ilse Brandt ✗ no idea ✓ Ilse Brandt"):  # fmt: skip
        assert word in shown


def test_status_counts(learned: Seal) -> None:
    told = learned.json("status")
    assert (told["documents"], told["outcomes"], told["adapters"], told["winners"]) == (2, {"published": 2}, 2, 2)
    assert (told["last_run"]["status"], told["unfinished"]) == ("done", {})
    assert "2 (2 published)" in learned("status").stdout
    assert (told["planner"], told["writer"], "policies" in told) == (None, None, False)


def test_status_counts_what_was_taken_back_apart(learned: Seal) -> None:
    learned("rollback")
    assert learned.json("status")["outcomes"] == {"published": 1, "taken back": 1}
    assert "2 (1 published, 1 taken back)" in learned("status").stdout


def test_status_lists_the_last_runs(learned: Seal, articles: Path) -> None:
    for _ in range(5):
        learned.ingest(articles)
    runs = learned.json("status")["recent_runs"]
    assert [(r["kind"], r["status"], r["documents"], r["published"]) for r in runs] == [("ingest", "done", 0, 0)] * 5
    learned("rollback")
    again = learned.json("ingest", articles, "--again", *LENIENT)["run"]
    shown = [line for line in learned("status").stdout.splitlines() if line.startswith("run ")]
    assert len(shown) == 5
    assert again in shown[0]
    assert shown[0].endswith("  ingest --again, done: 1 document, 1 published")
    assert shown[1].endswith("  ingest, done: 0 documents, 0 published")


def test_doctor_finds_what_it_needs(learned: Seal) -> None:
    told = learned.json("doctor")
    assert told["ok"]
    found = {f["what"]: f["told"] for f in told["findings"]}
    assert (found["ledger"], found["memory"]) == ("1 run", "2 winners")
    assert (found["methods"], "JSONL" in found["formats"], "gain" in found["rewards"]) == (
        "planner, writer",
        True,
        True,
    )
    assert learned("doctor").stdout.count("ok  ") == len(found)


def test_a_rebuilt_memory_recalls_the_same(learned: Seal) -> None:
    documents = learned.context().ledger.documents()
    before = [learned.context().memory.recall(d, 3, "packaged") for d in documents]
    assert learned.json("memory", "rebuild") == {"winners": 2}
    assert [learned.context().memory.recall(d, 3, "packaged") for d in documents] == before
    assert all(before)


@pytest.fixture
def stopped(seal: Seal, articles: Path) -> Seal:
    """A home in which a run was stopped while it trained the first document."""
    assert seal.made_by(trainer=StoppedTrainer.make)("ingest", articles, *LENIENT).exit_code == 130
    return seal


def test_ctrl_c_says_how_to_go_on(seal: Seal, articles: Path) -> None:
    done = seal.made_by(trainer=StoppedTrainer.make)("ingest", articles, "--json")
    run = seal.context().ledger.runs()[0]
    how = f"go on with: seal ingest --resume {run.id} --home {seal.home}"
    assert (done.exit_code, run.status) == (130, "stopped")
    assert json.loads(done.stdout) == {"error": "stopped", "mend": how}
    assert how in done.stderr
    assert seal.json("status")["unfinished"] == {run.id: 2}
    assert how.removeprefix("go on with: ") in seal("status").stdout
    told = seal("trace").stdout
    assert ("stopped train" in told, "failed train" in told, "KeyboardInterrupt" in told) == (True, False, False)


def test_a_trainer_that_gives_up_stops_the_run(seal: Seal, articles: Path) -> None:
    gives_up = StoppedTrainer(TrainerError("not enough memory", "lower [train] rank"))
    done = seal.made_by(trainer=lambda _: gives_up)("ingest", articles, "--json")
    run = seal.context().ledger.runs()[0].id
    assert done.exit_code == 5
    assert json.loads(done.stdout)["mend"].startswith(f"lower [train] rank; go on with: seal ingest --resume {run}")


def test_resume_finishes_a_stopped_run(stopped: Seal) -> None:
    run = stopped.context().ledger.runs()[0].id
    summary = stopped.json("ingest", "--resume", run, *LENIENT)
    assert (summary["run"], summary["documents"], summary["published"], summary["failed"]) == (run, 2, 2, 0)
    assert stopped.json("status")["unfinished"] == {}


def test_the_same_command_goes_on_with_a_stopped_run(stopped: Seal, articles: Path) -> None:
    run = stopped.context().ledger.runs()[0].id
    done = stopped("ingest", articles, *LENIENT)
    assert f"run {run} of these sources was cut off; going on with it" in done.stderr
    ledger = stopped.context().ledger
    assert [r.status for r in ledger.runs()] == ["done"]
    assert len(ledger.winners()) == len(ledger.library()) == 2


def test_another_source_leaves_unfinished_documents_to_their_run(stopped: Seal, tmp_path: Path) -> None:
    other = write_articles(tmp_path / "other.jsonl", [ARTICLES[1]])
    run = stopped.context().ledger.runs()[0].id
    done = stopped("ingest", other, *LENIENT)
    assert done.exit_code == 0
    assert f"skipped: run {run} was cut off before it had learned this" in done.stdout
    assert stopped.json("ingest", "--resume", run, *LENIENT)["published"] == 2
    assert len(stopped.context().ledger.winners()) == 2


def test_two_at_once_take_turns(learned: Seal, articles: Path) -> None:
    inside = threading.Event()

    def hold() -> None:
        with alone(learned.home.resolve()):
            inside.set()
            time.sleep(0.5)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait()
    done = learned("ingest", articles)
    holder.join()
    assert "another seal is learning" in done.stderr
    assert done.stdout.startswith("Nothing new")


def test_what_a_feed_says_cannot_dress_up_the_terminal(seal: Seal, tmp_path: Path) -> None:
    title = "\u001b[31mRed[/red] [bold]Alert"
    article = {**ARTICLES[0], "title": title, "questions": [{"question": "Who [b]runs[/b] it?", "answer": "Anna Moss"}]}
    path = write_articles(tmp_path / "x.jsonl", [article])
    shown = seal("ingest", path, *LENIENT).stdout + seal("trace").stdout + seal("adapters").stdout
    assert "\u001b" not in shown
    assert "Red[/red] [bold]Alert" in shown
    assert "Who [b]runs[/b] it?" in shown


def test_help_teaches(seal: Seal) -> None:
    shown = seal.help()
    assert 'seal ask "Who runs the mill?"' in shown
    assert "130 Ctrl-C" in shown
    assert "Default: ~/.seal-demo" in " ".join(seal.help("demo").split())
    assert "seal ingest --resume" in seal.help("ingest")
    assert "--again learns those documents" in seal.help("ingest")
    assert "seal ingest SOURCE --again" in seal.help("rollback")
    assert '{"title": ..., "text": ..., "questions": [{"question": ..., "answer": ...}]}' in seal.help("ingest")
    assert max(map(len, (shown + seal.help("ingest")).splitlines())) <= 80
