"""What one document raises, at whatever stage, fails it and no other: the run goes on, also when it is resumed."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from agent.config import Config
from agent.errors import AdapterError, ConfigError, EndpointError, MissingExtra, ModelError, StoreError, TrainerError
from agent.failures import ends_run, unforeseen
from agent.ledger import SqlLedger
from agent.ports import Chat, Likelihood, Progress, Query, Strategy, TrainJob
from agent.records import Candidate, Document, Example, Recalled
from graphs.context import Context
from graphs.tracing import STEP
from graphs.views.summary import summarize
from graphs.wiring import find_strategies, open_memory
from tests.app.fake_seal import Seal
from tests.fakes.engine import FakeModel, FakeTrainer, question_of
from tests.fakes.house import ARTICLES, FakeContext, fake_makers, known_answers, write_articles
from tests.graphs.ingesting import came, ingest, ledger_of

MILL, KESTREL = (str(article["title"]) for article in ARTICLES)
FEW = {"plan.strategies": '["facts", "cloze"]', "plan.candidates": "2"}
STAGES = ("probe", "recall", "plan", "write", "check", "train", "evaluate", "reward", "select", "merge", "gate",
          "publish", "close")  # fmt: skip
ERRORS = (ValueError("a value that nobody thought of"), RuntimeError(""), RecursionError("too deep"))


def in_hand(stage: str) -> str:
    """The document of the step in hand, where it is of this stage."""
    _, step, document = STEP.get()
    return document if step == stage else ""


@dataclass
class Breaks:
    """Parts that raise an error at one stage of the mill's article, each at its own stages, the ledger at all else."""

    stage: str
    error: Exception
    interrupts: bool = False
    """Whether Ctrl-C comes when the ferry is trained."""

    def at(self, stage: str, text: str) -> None:
        if stage == self.stage and in_hand(stage) and re.search("Orrin Mill|mill at Orrin", text):
            raise self.error.with_traceback(None)

    def context(self, home: Path) -> FakeContext:
        return FakeContext(
            home, FEW, ledger=lambda config, clock: self._ledger(config, clock), memory=self._memory,
            model=lambda _: BreakingModel(self), trainer=lambda _: BreakingTrainer(self), strategies=self._strategies,
        )  # fmt: skip

    def _ledger(self, config: Config, clock: Any) -> SqlLedger:
        ledger = ledger_of(BreakingLedger)(config, clock)
        assert isinstance(ledger, BreakingLedger)
        ledger.breaks = self
        return ledger

    def _memory(self, context: Context) -> Any:
        memory = open_memory(context)
        recall = memory.recall

        def broken(document: Document, n: int, base: str) -> list[Recalled]:
            self.at("recall", document.title)
            return recall(document, n, base)

        memory.recall = broken  # type: ignore[method-assign]
        return memory

    def _strategies(self, config: Config) -> dict[str, Strategy]:
        return {name: BreakingStrategy(self, each) for name, each in find_strategies(config).items()}


class BreakingLedger(SqlLedger):
    breaks: Breaks

    def _fail(self) -> None:
        if document := in_hand(self.breaks.stage):
            before = STEP.set(("", "", ""))
            title = self.document(document).title
            STEP.reset(before)
            self.breaks.at(self.breaks.stage, title)

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        self._fail()
        with super()._write() as connection:
            yield connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        self._fail()
        with super()._read() as connection:
            yield connection


class BreakingModel(FakeModel):
    def __init__(self, breaks: Breaks) -> None:
        super().__init__(known_answers())
        self.breaks = breaks

    def likelihoods(self, queries: Sequence[Query], completions: Sequence[str]) -> list[Likelihood]:
        for stage in ("probe", "evaluate", "gate"):
            self.breaks.at(stage, " ".join(query.prompt for query in queries))
        return super().likelihoods(queries, completions)


class BreakingTrainer(FakeTrainer):
    def __init__(self, breaks: Breaks) -> None:
        super().__init__()
        self.breaks = breaks

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> Any:
        texts = " ".join(example.text for job in jobs for example in job.examples)
        self.breaks.at("train", texts)
        if self.breaks.interrupts and "Kestrel" in texts:
            raise KeyboardInterrupt
        return super().train(jobs, progress)

    def merge(self, members: Sequence[tuple[Candidate, Path]], folder: Path) -> None:
        self.breaks.at("merge", " ".join((path / "adapter_model.safetensors").read_text() for _, path in members))
        super().merge(members, folder)


class BreakingStrategy:
    def __init__(self, breaks: Breaks, whole: Strategy) -> None:
        self.breaks, self.whole = breaks, whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)

    def write(self, document: Document, instruction: str, chat: Chat | None) -> list[Example]:
        self.breaks.at("write", document.title)
        return self.whole.write(document, instruction, chat)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "articles.jsonl")


def outcomes(context: FakeContext, run: str = "r1") -> dict[str, str]:
    """By title, as a person reads them."""
    ledger = context.ledger
    return {ledger.document(id).title: str(outcome) for id, outcome in ledger.outcomes(run).items()}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("stage", STAGES)
def test_the_next_document_is_learned_and_a_resumed_run_does_not_stumble(
    stage: str, error: Exception, tmp_path: Path, source: Path
) -> None:
    home = tmp_path / "home"
    first = Breaks(stage, error, interrupts=True).context(home)
    with pytest.raises(KeyboardInterrupt):
        ingest(first, source)
    failed = outcomes(first)
    assert list(failed) == [MILL], "the ferry was in hand"
    assert failed[MILL].startswith(f"failed: {type(error).__name__}")
    assert str(error) in failed[MILL]
    assert "test_one_document_fails line" in failed[MILL], "where it was raised"
    assert "please report it" in failed[MILL]
    (mill,) = (d.id for d in first.ledger.documents("r1") if d.title == MILL)
    traced = [e for e in first.ledger.events("r1") if e.document == mill]
    told = {(e.step, f"failed: {e.message}") for e in traced if e.status == "failed"}
    assert told == {(stage, failed[MILL])}

    second = Breaks(stage, error).context(home)
    ingest(second, source, goes_on=True)
    assert outcomes(second) == {**failed, KESTREL: "published"}
    assert [e for e in second.ledger.events("r1") if e.document == mill] == traced, "it was not touched again"
    summary = summarize(second.ledger, "r1")
    assert (summary.failed, summary.published) == (1, 1)

    third = FakeContext(home, FEW)
    ingest(third, source, run="r2")
    assert list(outcomes(third, "r2")) == [MILL], "a later run tries the failed one again, and no other"
    assert not outcomes(third, "r2")[MILL].startswith("failed")


FATAL = (
    ConfigError("x"), ModelError("x"), TrainerError("x"), StoreError("x"), EndpointError("x"), MissingExtra("x", "y"),
    OSError(errno.ENOSPC, "No space left on device"), PermissionError(errno.EACCES, "Permission denied"),
    RuntimeError("I/O error: No space left on device (os error 28)"), RuntimeError("CUDA error: out of order"),
)  # fmt: skip


@pytest.mark.parametrize("error", FATAL, ids=repr)
def test_what_concerns_every_document_ends_the_run(error: Exception, tmp_path: Path, source: Path) -> None:
    context = Breaks("train", error).context(tmp_path / "home")
    with pytest.raises(type(error)):
        ingest(context, source)
    assert outcomes(context) == {}, "no document is marked failed"


def wrapped() -> None:
    try:
        raise OSError(errno.ENOSPC, "No space left on device")
    except OSError as error:
        raise ValueError("cannot serialize") from error


def test_a_library_that_wraps_a_full_disk_is_seen_through() -> None:
    with pytest.raises(ValueError, match="cannot serialize") as caught:
        wrapped()
    assert ends_run(caught.value)
    assert not ends_run(ValueError("cannot serialize"))
    assert not ends_run(ValueError("input: 'The log said: No space left on device'")), "a document may say so"
    assert not ends_run(MemoryError())
    assert not ends_run(AdapterError(Path("one"), "cannot be read", ""))
    assert all(map(ends_run, (KeyboardInterrupt(), SystemExit())))


def test_a_cause_says_where_it_was_raised_and_can_be_stored() -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads("{")
    told = unforeseen(caught.value)
    assert told.startswith("JSONDecodeError: Expecting property name")
    assert "(in json.decoder line " in told
    told = unforeseen(ValueError("\ud800\0 " + 10_000 * "long "))
    assert told.encode().isascii()
    assert len(told) < 500


def test_documents_that_all_fail_end_in_a_sentence_and_an_exit_code(tmp_path: Path, source: Path) -> None:
    class Never(FakeTrainer):
        def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> Any:
            raise ZeroDivisionError("division by zero")

    seal = Seal(tmp_path / "home", fake_makers(trainer=lambda _: Never()))
    done = seal("ingest", source, "--set", "plan.candidates=1")
    assert done.exit_code == TrainerError.exit_code
    assert done.stdout.count("failed: ZeroDivisionError: division by zero (in ") == 2
    assert "Traceback" not in done.output
    assert "failed: ZeroDivisionError" in seal("trace").stdout
    assert "2 failed: ZeroDivisionError" in seal("status").stdout
    results = seal.json("trace")["documents"]
    assert all(document["outcome"].startswith("failed: ZeroDivisionError") for document in results)
    again = seal("ingest", source, "--set", "plan.candidates=1", "--debug")
    assert "Traceback" in again.stderr
    assert "ZeroDivisionError: division by zero" in again.stderr
    assert not logging.getLogger("seal").handlers


def test_questions_that_cannot_be_asked_in_the_end_cost_their_own_document(tmp_path: Path, source: Path) -> None:
    class Examined(FakeModel):
        def answer(self, queries: Sequence[Query], max_tokens: int = 24) -> list[str]:
            if STEP.get()[1] == "examine" and any("mill" in question_of(query.prompt) for query in queries):
                raise ValueError("no such question")
            return super().answer(queries, max_tokens)

    context = FakeContext(tmp_path / "home", FEW, model=lambda _: Examined(known_answers()))
    ingest(context, source)
    assert came(context) == ["published", "published"]
    summary = summarize(context.ledger, "r1")
    routed = {row.title for row in summary.answers if row.routed_to}
    assert routed == {KESTREL}
    (note,) = summary.notes
    assert note.startswith(f"the questions of {MILL}: ValueError: no such question")


def test_an_item_that_the_ledger_does_not_take_is_a_failed_one(tmp_path: Path, source: Path) -> None:
    class Picky(SqlLedger):
        def add_document(self, document: Document, run: str) -> bool:
            if document.title == MILL:
                raise ValueError("not this one")
            return super().add_document(document, run)

    context = FakeContext(tmp_path / "home", FEW, ledger=ledger_of(Picky))
    ingest(context, source)
    assert outcomes(context) == {KESTREL: "published"}
    (told,) = summarize(context.ledger, "r1").failures
    assert "ValueError: not this one" in told


def test_a_file_whose_name_is_no_utf_8(tmp_path: Path, source: Path) -> None:
    named = tmp_path / os.fsdecode(b"caf\xe9.txt")
    named.write_text("The quay of Tarn Mouth was built by Odo Marsh in 1961.")
    empty = tmp_path / os.fsdecode(b"\xff.txt")
    empty.write_text("")
    context = FakeContext(tmp_path / "home", FEW)
    ingest(context, named, empty, source)
    assert len(came(context)) == 3
    assert not any(outcome.startswith("failed") for outcome in came(context))
    (told,) = summarize(context.ledger, "r1").failures
    assert "is empty" in told
