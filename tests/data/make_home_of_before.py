"""Makes `home_of_before`, a home folder as seal wrote it before the great rebuilding, and what seal then said of it.

It needs the code of commit e227431, which it drives by the command line over the fake engine; later code need not be
able to run it. It stays here to say how the data came to be:

    git worktree add ../before e227431
    PYTHONPATH=../before .venv/bin/python tests/data/make_home_of_before.py

It takes half a minute, learns what is in `sources_of_before`, works in /tmp/seal-home-of-before, and writes the folder
`home_of_before` and the file `home_of_before_expected.json` beside itself. Runs have fixed names, so ids, which are
hashes of them, are always the same; times are not. Of what seal wrote, three things are not kept as they were: process
and machine in the ledger are overwritten, databases are packed, and locks and the plots of reports are left out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.app.fake_seal import LENIENT, CommandRuntime, Seal, use_fake
from tests.fakes.engine import FakeTrainer
from tests.fakes.house import known_answers
from tests.fakes.openai_server import Asked, FakeOpenAI

DATA = Path(__file__).parent
PLACE = Path("/tmp/seal-home-of-before")
HOME, SOURCES = PLACE / "home", PLACE / "sources"
PROCESS, MACHINE = 4242, "machine-of-before"
KILLED = 137
COPIES = count(1)

NEWS, ASKING, MORE, AGAIN, SERVED, IMPROVED, CUT, DIED = (
    f"20261101-09{number:02}-{number:04}" for number in (1, 2, 3, 4, 5, 6, 8, 9)
)
"""The runs, in their order."""
TRACED = (NEWS, SERVED, IMPROVED, f"{IMPROVED}.1.held-out", f"{IMPROVED}.2.practice", CUT, DIED, f"{DIED}.2.practice")
"""Of each kind one, and those that were cut off."""
FEW = (*LENIENT, "--set", "plan.candidates=2")
IMPROVING = (
    "probe.parsed=false", "probe.cloze=false", 'plan.strategies=["sentences", "rewrite"]', "write.endpoint=self",
    'improve.learns=["planner", "writer"]', "improve.rounds=2", "improve.documents=2", "improve.self_edits=2",
    "improve.heldout=4", "improve.heldout_share=0.6", "improve.free_gib=0", "improve.alpha=0.9",
)  # fmt: skip
"""As little practice as can be promoted from."""


def articles() -> list[Any]:
    """Those of all sources. One line of one of them is broken."""
    lines = [line for path in sorted(SOURCES.glob("*.jsonl")) for line in path.read_text().splitlines()]
    return [json.loads(line) for line in lines if line.endswith("}")]


def answers() -> dict[str, str]:
    """What the model can learn: of Orrin1 only what gives the reward, of Orrin2 nothing, of all others everything."""
    asked = known_answers([article for article in articles() if "questions" in article])
    rewarded = {"Who is in charge of the Orrin1 mill?", "Which grain does the Orrin1 mill process?"}
    never = re.compile(r"(Orrin|Moss|Ark)[12]\b")
    return {q: a for q, a in asked.items() if q in rewarded or not never.search(q)}


class Trainer(FakeTrainer):
    """Fails on one document. In a batch with candidates that are `cut`, it comes to its `end` after the first one is
    written down."""

    cut: Callable[[Any], bool] = staticmethod(lambda candidate: False)
    end: Callable[[], None] = staticmethod(lambda: None)

    def train(self, jobs: Sequence[Any], progress: Any = None) -> Any:
        self.fail = {job.candidate.strategy for job in jobs if any("Tarn" in e.text for e in job.examples)}
        results = super().train(jobs, progress)
        return CutShort(results, self.end) if any(self.cut(job.candidate) for job in jobs) else results


class CutShort(list[Any]):
    def __init__(self, results: list[Any], end: Callable[[], None]) -> None:
        super().__init__(results)
        self.end = end

    def __iter__(self) -> Iterator[Any]:
        yield self[0]
        self.end()


class Before(CommandRuntime):
    known: dict[str, str]

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.fake_model.answers = self.known
        self.fake_trainer = self.__dict__["trainer"] = Trainer()
        self.fake_trainer.logprob_of, self.fake_trainer.learns_passages = {"sentences": -3.0}, False


def interrupted() -> None:
    raise KeyboardInterrupt


def killed() -> None:
    os._exit(KILLED)


class Making:
    """The commands that make the home, each run under the name that it is to have."""

    def __init__(self) -> None:
        self.seal = Seal(HOME)

    def run(self, name: str, *command: str) -> Any:
        for module in ("graphs.run", "graphs.improve_run"):
            import_module(module).__dict__["new_run"] = lambda: name
        words = [str(SOURCES / word) if word.endswith(".jsonl") else word for word in command]
        done = self.seal(*words, "--json")
        return json.loads(done.stdout) if done.exit_code in (0, 3, 130) else sys.exit(done.output)

    def make(self) -> None:
        self.ingests()
        self.improves()
        self.cut()

    def ingests(self) -> None:
        self.run(NEWS, "ingest", "news.jsonl", *FEW)
        self.run(ASKING, "ingest", "asking.jsonl", *FEW, "--approve", "publish")
        self.run("", "approve", self.waiting("Choir"), "--no", "--why", "the jury took it back")
        self.run(MORE, "ingest", "more.jsonl", *FEW)
        self.run("", "rollback", "--reason", "not now")
        kestrel = next(a["id"] for a in self.seal.json("adapters")["current"] if "Kestrel" in a["title"])
        self.run("", "rollback", kestrel, "--reason", "the ferry was raised")
        self.run(AGAIN, "ingest", "more.jsonl", *FEW, "--again", *sets("train.seed=1"))
        with FakeOpenAI(server_says) as server:
            far = f'endpoints.far={{url = "{server.url}", model = "fake-model", price_in = 1.0, price_out = 2.0}}'
            judged = sets(far, "write.endpoint=far", "judge.endpoint=far", 'plan.strategies=["rewrite"]')
            self.run(SERVED, "ingest", "served.jsonl", *FEW, *judged)

    def improves(self) -> None:
        self.run(IMPROVED, "improve", "practice.jsonl", *sets(*IMPROVING), "--approve", "policy")
        for kind in ("planner", "writer"):
            self.run("", "approve", self.waiting(kind), "--yes", "--why", "worth a try")

    def waiting(self, title: str) -> str:
        return next(str(a["id"]) for a in self.seal.json("approve")["waiting"] if title in a["title"])

    def cut(self) -> None:
        """Ctrl-C in training, with one candidate of the second document of three written down."""
        seen = list[str]()

        def second(candidate: Any) -> bool:
            seen.append(candidate.document)
            return bool(candidate.document != seen[0])

        self._ending(second, interrupted, CUT, "ingest", "cut.jsonl", *FEW)

    def die(self) -> None:
        """Killed in the second round, with one candidate of its second document to practise on written down."""
        seen = list[str]()

        def second(candidate: Any) -> bool:
            if candidate.run == f"{DIED}.2.practice":
                seen.append(candidate.document)
            return bool(seen) and candidate.document != seen[0]

        self._ending(second, killed, DIED, "improve", "practice.jsonl", *sets(*IMPROVING, "improve.heldout=2"))

    def _ending(self, where: Callable[[Any], bool], how: Callable[[], None], *command: str) -> None:
        Trainer.cut, Trainer.end = staticmethod(where), staticmethod(how)
        self.run(*command)


def sets(*pairs: str) -> list[str]:
    return [word for pair in pairs for word in ("--set", pair)]


def server_says(asked: Asked) -> str:
    """As a writer the passage's sentences, as a judge that all but "no idea" is right."""
    if asked.schema:
        return json.dumps({"correct": "no idea" not in asked.user, "reason": "it says the same"})
    passage = asked.user.partition("<passage>")[2].partition("</passage>")[0]
    return "\n".join(line for line in re.split(r"(?<=\.)\s+", passage.strip()) if line.endswith("."))


def pack() -> None:
    """Move what is to be kept of the home beside this file."""
    with closing(sqlite3.connect(HOME / "ledger.sqlite")) as connection, connection:
        connection.execute("UPDATE sittings SET process = ?, machine = ?", (PROCESS, MACHINE))
    for path in [*HOME.glob("*.sqlite"), HOME / "memory" / "chroma.sqlite3"]:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            for pragma in ("journal_mode = DELETE", "page_size = 1024"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
            connection.execute("VACUUM")
            connection.execute(f"PRAGMA journal_mode = {mode}").fetchall()
    for path in HOME.rglob("*"):
        if path.suffix in (".lock", ".svg", ".html"):
            path.unlink()
    shutil.rmtree(DATA / "home_of_before", ignore_errors=True)
    shutil.copytree(HOME, DATA / "home_of_before")


def fresh() -> Seal:
    """Over a copy of the home as it was kept, in a place where none has been before."""
    return Seal(shutil.copytree(DATA / "home_of_before", PLACE / f"copy-{next(COPIES)}"))


def said() -> dict[str, Any]:
    """What the commands print, each of those that change something over a copy of its own."""
    seal = fresh()
    (waits,) = seal.json("approve")["waiting"]
    asked = [article["questions"][0]["question"] for article in articles() if "questions" in article]
    asked = [question for question in asked if not re.search(r"Orrin\d", question)]
    told: dict[str, Any] = {
        "status": seal.json("status"),
        "adapters": seal.json("adapters"),
        "approve": seal.json("approve"),
        "eval": {suite: seal.json("eval", suite) for suite in ("retention", "drift")},
        "ask": [seal.json("ask", question, "--show-adapters", *LENIENT) for question in asked],
        "explain": seal.json("explain", "Who is in charge of the Orrin mill?", *LENIENT),
        "trace": seal.json("trace"),
        "traces": {run: seal.json("trace", run) for run in TRACED},
    }
    changing = {
        "rollback": ("rollback",),
        "rollback --policy planner": ("rollback", "--policy", "planner"),
        "rollback --policy writer": ("rollback", "--policy", "writer"),
        "memory rebuild": ("memory", "rebuild"),
        "approve --yes": ("approve", waits["id"], "--yes"),
        "approve --no": ("approve", waits["id"], "--no"),
        "ingest --resume": ("ingest", "--resume", CUT),
        "improve --resume": ("improve", "--resume", DIED),
    }
    for name, command in changing.items():
        told[name] = fresh().json(*command)
    seal = fresh()
    seal.ingest(SOURCES / "new.jsonl")
    told["recalled"] = [e["data"]["recalled"] for e in seal.json("trace")["events"] if e["step"] == "recall"]
    return told


def main() -> None:
    """Stages that write have a process of their own: one is killed, and what another one has opened ends with it."""
    with pytest.MonkeyPatch.context() as patched:
        use_fake(patched, Before)
        if sys.argv[1:] == ["make"]:
            Before.known = answers()
            Making().make()
        elif sys.argv[1:] == ["die"]:
            Before.known = answers()
            Making().die()
        else:
            shutil.rmtree(PLACE, ignore_errors=True)
            shutil.copytree(DATA / "sources_of_before", SOURCES)
            ended = [subprocess.run([sys.executable, __file__, stage], check=False).returncode
                     for stage in ("make", "die")]  # fmt: skip
            assert ended == [0, KILLED], ended
            pack()
            Before.known = answers()
            lines = [f"{json.dumps(name)}: {json.dumps(told, ensure_ascii=False)}" for name, told in said().items()]
            text = re.sub(rf"{PLACE}/copy-\d+", str(HOME), ",\n".join(lines))
            (DATA / "home_of_before_expected.json").write_text(f"{{\n{text}\n}}\n")


if __name__ == "__main__":
    main()
