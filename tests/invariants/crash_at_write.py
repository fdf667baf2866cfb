"""Runs of seal that are killed right before single writes, and gone on with: a program of its own.

What is a write, Python and SQLite say themselves: audit events tell of each file that is opened to be written, renamed
or removed, and the connections of ledger and checkpoints of each COMMIT. So no part of seal is patched, and a write
that is added later is found by itself. Right before a write is also right after the one before it, which is how the
writes that Chroma does outside of Python are cut off on both sides: by the stamp before them, and by the next write.

Each run is a fork of this process, which has all imports done: Python takes longer to start than the run takes.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy

from agent.config import Config, load_config
from agent.errors import SealError, StoreError
from agent.ledger import open_ledger
from agent.ports import Progress, TrainFailure, TrainJob
from agent.records import Outcome, PlannerPolicy, Training, WriterPolicy
from agent.text.language import language
from app.cli.commands import improve, ingest
from app.cli.guard import DISK
from app.cli.session import Session, pairs
from graphs.methods.practice import practice_run
from graphs.wiring import REAL, open_context
from tests.fakes.engine import FakeModel, FakeTrainer
from tests.fakes.house import ARTICLES, fake_makers, mills, write_articles
from tests.invariants.slow_seal import OPTIONS

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

RUN = "the-run"
KINDS = ("planner", "writer")
MILLS = 8
IMPROVE_OPTIONS = (
    "probe.parsed=false", "probe.cloze=false", 'plan.strategies=["sentences", "rewrite"]', "write.endpoint=self",
    'improve.learns=["planner", "writer"]', "improve.rounds=2",
    "improve.documents=2", "improve.self_edits=2", "improve.heldout=4", "improve.heldout_share=0.6",
    "improve.free_gib=0", "improve.alpha=0.9",
)  # fmt: skip
"""A round for a planner and one for a writer, with as little practice as can be promoted from: four held-out documents,
and a gate that lets nearly all through."""
REFUSED = ("writing ", "os.rename ")
"""Writes that a full or a broken disk may refuse. What cannot be removed is left for the next run."""
REMOVED_OR_RENAMED = ("os.rename", "os.remove", "os.rmdir")


class Killer:
    """An audit hook that keeps a list of what this process writes in a home, and kills it before write `cut`.

    With `error`, a number of errno, it lets the operating system refuse that write instead, where it is one to a file:
    what SQLite writes is not refused in this way.
    """

    def __init__(self, home: Path, notes: Path, cut: int, error: int = 0) -> None:
        self.home, self.notes, self.cut, self.error = f"{home}/", notes, cut, error
        self.numbers, self.writes = count(1), list[str]()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR) and self._ours(arguments[0]):
            self._before(f"writing {self._name(arguments[0])}")
        elif event in REMOVED_OR_RENAMED and (self._ours(arguments[0]) or arguments[-1] != -1):  # rmtree: by handle
            what = arguments[1] if event == "os.rename" else arguments[0]
            self._before(f"{event} {self._name(what)}")

    def _ours(self, path: Any) -> bool:
        """Whether it is in the home, and no lock."""
        name = "" if isinstance(path, int) else os.fsdecode(path)
        return name.startswith(self.home) and not name.endswith(".lock")

    def _name(self, path: Any) -> str:
        return os.fsdecode(path).removeprefix(self.home)

    def listen(self, connection: sqlite3.Connection, *_: object) -> None:
        """Hear every statement of the connection before it is done."""
        last = ""

        def hear(statement: str) -> None:
            nonlocal last
            if statement == "COMMIT":
                self._before(f"COMMIT after {last}")
            last = " ".join(statement.split()[:5])

        connection.set_trace_callback(hear)

    def _before(self, write: str) -> None:
        self.writes.append(write)
        if next(self.numbers) == self.cut:
            if self.error:
                note(self.notes, killed_before=write)
                raise OSError(self.error, os.strerror(self.error))
            self.kill(write)

    def kill(self, where: str) -> None:
        note(self.notes, killed_before=where)
        os.kill(os.getpid(), signal.SIGKILL)


class NotedTrainer(FakeTrainer):
    """Writes down which candidates it has trained."""

    def __init__(self, notes: Path) -> None:
        super().__init__()
        self.notes = notes
        self.logprob_of = {"sentences": -3.0}
        """So that there is something for the outer loop to learn."""

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]:
        results = super().train(jobs, progress)
        note(self.notes, trained=[job.candidate.id for job in jobs])
        return results


def note(notes: Path, **what: Any) -> None:
    with notes.open("a") as file:
        file.write(json.dumps(what) + "\n")


@dataclass(frozen=True)
class Command:
    """What is killed: a command of seal, and what must not depend on whether it was."""

    run: Callable[[Session, Sequence[str], str | None], object]
    options: Sequence[str]
    facts: Callable[[Path], dict[str, Any]]


@dataclass(frozen=True)
class Cut:
    """Where a process is killed: before write number `at`, or after so many `seconds`. With `error`, a number of errno,
    write `at` is refused instead. 0 is never."""

    at: int = 0
    seconds: float = 0.0
    error: int = 0


def seal(command: Command, home: Path, notes: Path, source: Path, cut: Cut = Cut(), by_name: bool = False) -> None:
    """The whole command in this process: from the beginning, or what is left of it, by the run's name if it has one.

    Ends with status 6 where it says itself that something could not be written.
    """
    articles = [*ARTICLES, *mills(MILLS)]
    answers = {str(q["question"]): str(q["answer"]) for a in articles for q in a["questions"]}
    killer, began = Killer(home, notes, cut.at, cut.error), time.perf_counter()

    @contextmanager
    def checkpoints(config: Config) -> Iterator[BaseCheckpointSaver[str]]:
        with REAL.checkpoints(config) as saver:
            killer.listen(saver.conn)  # type: ignore[attr-defined]
            yield saver

    makers = fake_makers(
        checkpoints=checkpoints, model=lambda _: FakeModel(answers), trainer=lambda _: NotedTrainer(notes),
        new_name=lambda: RUN,  # ids are hashes of it
    )  # fmt: skip
    session = Session(home, None, pairs([*command.options]), as_json=True, makers=makers)
    told: tuple[list[str], str | None] = ([], RUN) if by_name and begun(home) else ([str(source)], None)
    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", killer.listen)
    sys.addaudithook(killer)
    if cut.seconds:
        watch = threading.Timer(cut.seconds, killer.kill, [f"at {cut.seconds:.3f} s"])
        watch.daemon = True
        watch.start()
    with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere), redirect_stdout(nowhere):
        try:
            command.run(session, *told)
        except (SealError, OSError) as refused:  # what `app.cli.guard` makes a message and exit code 6 of
            if not cut.error or not (isinstance(refused, SealError) or refused.errno in DISK):
                raise
            note(notes, said=refused.cause if isinstance(refused, SealError) else str(refused))
            raise SystemExit(StoreError.exit_code) from refused
    note(notes, writes=killer.writes, seconds=time.perf_counter() - began)


def begun(home: Path) -> bool:
    with open_ledger(load_config(home=home).ledger_url) as ledger:
        return bool(ledger.runs())


def ingest_facts(home: Path) -> dict[str, Any]:
    config = load_config(home=home)
    with open_ledger(config.ledger_url) as ledger:
        documents, candidates = ledger.documents(), ledger.candidates(RUN)
        subjects = ["base", *(c.id for c in candidates)]
        return {
            "runs": [(r.id, r.status) for r in ledger.runs()],
            "outcomes": [(d.title, in_words(ledger.outcomes(RUN)).get(d.id)) for d in documents],
            "plans": [p.id for d in documents for p in ledger.plans(RUN, d.id)],
            "self-edits": [e.id for d in documents for e in ledger.self_edits(RUN, d.id)],
            "candidates": [(c.id, c.members) for c in candidates],
            "trained": [ledger.training(c.id) is not None for c in candidates],
            "scores": [[s.model_dump() for s in ledger.scores(RUN, x, d.id)] for x in subjects for d in documents],
            "retention": [r.model_dump() for x in subjects if (r := ledger.retention(RUN, x))],
            "drifts": [f.model_dump() for x in subjects if (f := ledger.drift(RUN, x))],
            "rewards": [w.model_dump() for c in candidates if (w := ledger.reward(c.id))],
            "decisions": [g.model_dump() for c in candidates if (g := ledger.decision(c.id))],
            "winners": [w.candidate for w in ledger.winners()],
            "library": [(v.version, v.added, v.current) for v in ledger.library()],
            "published": [(a.id, a.candidate) for a in ledger.current()],
            "dataset": config.dataset_path.read_text(),
            "memory": open_context(config).memory.count(),
            "files": files(config),
        }


def in_words(outcomes: Mapping[str, Outcome]) -> dict[str, str]:
    return {document: str(outcome) for document, outcome in outcomes.items()}


def files(config: Config) -> list[str]:
    return sorted(
        str(path.relative_to(config.home)) for path in config.home.rglob("*") if config.memory_dir not in path.parents
    )


def improve_facts(home: Path) -> dict[str, Any]:
    config = load_config(home=home)
    with open_ledger(config.ledger_url) as ledger:
        runs = [r.id for r in ledger.runs()]
        pairs = [(run, d.id) for run in runs for d in ledger.documents(run)]
        candidates = [c for run in runs for c in ledger.candidates(run)]
        rounds = ledger.rounds(RUN)
        return {
            "runs": [(r.id, r.kind, r.status) for r in ledger.runs()],
            "outcomes": [(run, in_words(ledger.outcomes(run))) for run in runs],
            "plans": [p.id for pair in pairs for p in ledger.plans(*pair)],
            "self-edits": [e.id for pair in pairs for e in ledger.self_edits(*pair)],
            "candidates": [c.id for c in candidates],
            "trained": [ledger.training(c.id) is not None for c in candidates],
            "scores": [[s.model_dump() for s in ledger.scores(c.run, c.id, c.document)] for c in candidates],
            "rewards": [w.model_dump() for c in candidates if (w := ledger.reward(c.id))],
            "policies": [p.id for r in rounds for p in ledger.policies(practice_run(RUN, r.number), PlannerPolicy)],
            "rounds": [r.model_dump(mode="json", exclude={"seconds"}) for r in rounds],
            "writers": [p.id for r in rounds for p in ledger.policies(practice_run(RUN, r.number), WriterPolicy)],
            "promotions": [p.model_dump() for kind in KINDS for p in ledger.promotions("packaged", kind)],
            "files": files(config),
        }


COMMANDS = {
    "ingest": Command(partial(ingest.run, again=False), OPTIONS[1::2], ingest_facts),
    "improve": Command(partial(improve.run, dry_run=False), IMPROVE_OPTIONS, improve_facts),
}


def forked(work: Callable[[], None]) -> int:
    """Do it in a child process. Returns its exit status, negative for a signal."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except SystemExit as end:
            status = int(str(end))
        except BaseException:  # noqa: BLE001  it is said, and the status tells
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Runs:
    """Runs of one command over one source. Each has a folder with its home and the notes on it."""

    def __init__(self, command: Command, folder: Path, source: Path) -> None:
        self.command, self.folder, self.source = command, folder, source
        self.empty = folder / "empty"
        self.empty.mkdir()

    def rehearse(self) -> None:
        """Make an empty ledger for all runs to begin with, and import here what a run imports."""

        def rehearsal() -> None:
            open_ledger(f"sqlite:///{self.empty / 'ledger.sqlite'}").close()
            home = self.folder / "rehearsal"
            seal(self.command, home, self.folder / "notes", self.source)
            self.command.facts(home)
            names = [name for name, module in sys.modules.items() if getattr(module, "__spec__", None)]
            (self.folder / "modules").write_text("\n".join(name for name in names if name != "__main__"))

        assert forked(rehearsal) == 0
        for name in (self.folder / "modules").read_text().split():
            import_module(name)
        language("loads its model")

    def run(self, *cuts: Cut) -> dict[str, Any]:
        """What came of one run whose first process is cut off by cuts[0], the next by cuts[1], ...

        The last process is not cut off. By chance each goes on by the run's name or by the same command again.
        """
        place = self.folder / "run"
        home, notes, chance = place / "home", place / "notes", random.Random(str(cuts))
        shutil.copytree(self.empty, home)
        statuses: list[int] = []
        for cut in (*cuts, Cut()):
            by_name = chance.random() < 0.5
            statuses.append(forked(partial(seal, self.command, home, notes, self.source, cut, by_name)))
            if statuses[-1] not in (-signal.SIGKILL, StoreError.exit_code):
                break
        inspected = forked(lambda: note(notes, facts=self.command.facts(home)))
        told = [json.loads(line) for line in notes.read_text().splitlines()]
        shutil.rmtree(place)
        return {
            "statuses": [*statuses, inspected],
            "killed_before": [line["killed_before"] for line in told if "killed_before" in line],
            "said": [line["said"] for line in told if "said" in line],
            "trained": [candidate for line in told for candidate in line.get("trained", ())],
            "writes": next((line["writes"] for line in told if "writes" in line), None),
            "seconds": next((line["seconds"] for line in told if "seconds" in line), None),
            "facts": next((line["facts"] for line in told if "facts" in line), None),
        }


def drawn(writes: Sequence[str], cuts: Sequence[int], sample: int, chance: random.Random) -> list[int]:
    """So many cuts: one before the first rename into each folder, since these are few, and others by chance."""
    first: dict[str, int] = {}
    for cut in cuts:
        if writes[cut - 1].startswith("os.rename "):
            first.setdefault(writes[cut - 1].partition("/")[0], cut)
    renames = list(first.values())[:sample]
    others = [cut for cut in cuts if cut not in renames]
    return sorted([*renames, *chance.sample(others, min(sample - len(renames), len(others)))])


def program() -> None:
    """Arguments: the command, an empty folder, the source (made where there is none), how many cuts (0: all), how many
    more after each of them, the number of an error with which files cannot be written or renamed (0: processes are
    killed), and how many processes are killed at random moments.

    Prints a line of JSON for a run that is not killed, and then one for each that is.
    """
    verb, folder, source = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    sample, more, error, moments = map(int, sys.argv[4:])
    if not source.exists():
        write_articles(source, ARTICLES if verb == "ingest" else mills(MILLS))
    runs = Runs(COMMANDS[verb], folder, source)
    runs.rehearse()
    whole, chance = runs.run(), random.Random(0)
    print(json.dumps(whole), flush=True)  # noqa: T201
    writes = enumerate(whole["writes"], 1)
    cuts = [number for number, write in writes if not error or write.startswith(REFUSED)]
    for cut in drawn(whole["writes"], cuts, sample, chance) if sample else cuts:
        several = (Cut(at, error=error) for at in (cut, *chance.choices(cuts, k=more)))
        print(json.dumps(runs.run(*several)), flush=True)  # noqa: T201
    for killed in islice(at_random(runs, whole["seconds"], chance), moments):
        print(json.dumps(killed), flush=True)  # noqa: T201


def at_random(runs: Runs, seconds: float, chance: random.Random) -> Iterator[dict[str, Any]]:
    """Runs that were killed at a random moment of about so many seconds; those that were over by then do not count."""
    while True:
        told = runs.run(Cut(seconds=chance.uniform(0, seconds)))
        if told["killed_before"]:
            yield told
        else:
            seconds = min(seconds, told["seconds"])
