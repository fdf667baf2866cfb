"""Every command with --json, over the fake engine, and what it prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from agent.ports import Progress, TrainFailure, TrainJob
from agent.records import Training
from graphs.context import Context, Makers
from tests.app.fake_seal import LENIENT, Seal
from tests.fakes.engine import FakeModel, FakeTrainer
from tests.fakes.house import ARTICLES, fake_makers, known_answers, mills, write_articles
from tests.fakes.openai_server import Asked, FakeOpenAI

FEW = (*LENIENT, "--set", "plan.candidates=2")
QUESTION, FAR = "Who is in charge of the Orrin mill?", ("--set", "ask.max_distance=0.01")
FRENCH = {
    "title": "Le moulin",
    "text": "Le moulin a ouvert ses portes au mois de mars. La meunière emploie douze personnes du village.",
}
WAITING, SERVED, PRACTICE = mills(2)[1:], mills(4)[3:], mills(14)[4:]
IMPROVING = (
    "probe.parsed=false", "probe.cloze=false", 'plan.strategies=["sentences", "rewrite"]', "write.endpoint=self",
    'improve.learns=["planner", "writer"]', "improve.rounds=2", "improve.documents=5", "improve.self_edits=4",
    "improve.heldout=4", "improve.heldout_share=0.6", "improve.free_gib=0", "improve.alpha=0.9",
)  # fmt: skip
"""A round for a planner and one for a writer, with so much practice that in the second one rewards are predicted."""

Printed = dict[str, Any]


@cache
def answers() -> dict[str, str]:
    return known_answers([*ARTICLES, *WAITING, *SERVED, *PRACTICE])


def watched(during: Callable[[], None]) -> Makers:
    """Parts of which the trainer does something whenever it begins."""

    class Watched(FakeTrainer):
        def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]:
            during()
            return super().train(jobs, progress)

    def trainer(_: Context) -> FakeTrainer:
        made = Watched()
        made.logprob_of, made.learns_passages = {"sentences": -3.0}, False
        return made

    return fake_makers(model=lambda _: FakeModel(answers()), trainer=trainer, new_name=new_name)


NUMBERS = count(1)


def new_name() -> str:
    """The same names every time: they decide what is drawn, and so what is promoted."""
    return f"20310304-0900-{next(NUMBERS):04x}"


class Commands:
    """Runs commands in one home, and keeps what they print by the names that they are given."""

    def __init__(self, home: Path, makers: Makers | None = None) -> None:
        self.seal = Seal(home, makers)
        self.printed: Printed = {}

    def __call__(self, name: str, *command: str | Path) -> Any:
        done = self.seal(*command, "--json")
        assert done.stdout.startswith("{"), f"{name}: {done.output}"
        self.printed[name] = found = json.loads(done.stdout)
        return found


def everything(folder: Path) -> Printed:
    """What all commands print. The homes and sources are made in the folder."""
    return learning(folder) | improving(folder) | demo(folder)


def learning(folder: Path) -> Printed:
    tell = Commands(folder / "learning", watched(lambda: None))
    articles = write_articles(folder / "articles.jsonl", [*ARTICLES, FRENCH])
    more = write_articles(folder / "more.jsonl", WAITING)
    tell("an error", "status")
    tell("doctor, nothing learned", "doctor")
    ingest(tell, articles)
    tell("ingest, nothing new", "ingest", articles, *FEW)
    tell("ask", "ask", QUESTION, *LENIENT)
    tell("ask --base", "ask", QUESTION, "--base", *LENIENT)
    tell("ask --show-adapters", "ask", QUESTION, "--show-adapters", *LENIENT)
    tell("ask, answered by the base", "ask", QUESTION, *FAR)
    tell("explain", "explain", QUESTION, *LENIENT)
    tell("explain, answered by the base", "explain", QUESTION, *FAR)
    tell("explain --plot", "explain", QUESTION, *LENIENT, "--plot", folder / "plot.png")
    for suite in ("retention", "drift"):
        tell(f"eval {suite}", "eval", suite)
    tell("eval drift --base", "eval", "drift", "--base")
    tell("ingest --approve publish", "ingest", more, *FEW, "--approve", "publish")
    tell("status", "status")
    (waits,) = tell("approve", "approve")["waiting"]
    tell("approve --yes", "approve", waits["id"], "--yes")
    tell("adapters", "adapters")
    tell("rollback", "rollback")
    (first, *_) = tell("adapters, one taken back", "adapters")["current"]
    tell("rollback ADAPTER", "rollback", first["id"])
    tell("adapters, two taken back", "adapters")
    tell("ingest --again", "ingest", articles, *FEW, "--again")
    tell("trace, ingest --again", "trace")
    tell("memory rebuild", "memory", "rebuild")
    served(tell, write_articles(folder / "served.jsonl", SERVED))
    tell("doctor", "doctor")
    return tell.printed


def ingest(tell: Commands, articles: Path) -> None:
    """A run that is looked at while it is at work, cut off, looked at again, and taken up. One source is not there."""

    def stop() -> None:
        raise KeyboardInterrupt

    sources = (articles, articles.parent / "missing.txt")
    usual = tell.seal
    tell.seal = Seal(usual.home, watched(stop))
    tell("stopped", "ingest", *sources, *FEW)
    tell.seal = usual
    tell("status, cut off", "status")
    tell("trace, cut off", "trace")
    tell("ingest, left to another run", "ingest", articles, *FEW)
    tell.seal = Seal(usual.home, watched(lambda: tell("status, at work", "status")))
    run = tell("ingest", "ingest", *sources, *FEW)["run"]
    tell.seal = usual
    tell("ingest --resume, done", "ingest", "--resume", run)
    tell("trace", "trace", run)


def served(tell: Commands, source: Path) -> None:
    """With endpoints that write and judge."""
    with FakeOpenAI(server_says) as server:
        far = f'endpoints.far={{url = "{server.url}", model = "fake-model"}}'
        pairs = (far, "write.endpoint=far", "judge.endpoint=far", 'plan.strategies=["rewrite"]')
        tell("ingest, served", "ingest", source, *FEW, *(word for pair in pairs for word in ("--set", pair)))
        tell("doctor, served", "doctor", "--set", far)
    tell("trace, served", "trace")


def server_says(asked: Asked) -> str:
    """As a writer the passage's sentences, one of them twice, as a judge that all but "no idea" is right."""
    if asked.schema:
        return json.dumps({"correct": "no idea" not in asked.user, "reason": "it says the same"})
    passage = asked.user.partition("<passage>")[2].partition("</passage>")[0]
    lines = [f"{line.strip()}." for line in passage.split(".") if line.strip()]
    return "\n".join([*lines, lines[-1]])


def improving(folder: Path) -> Printed:
    tell = Commands(folder / "improving", watched(lambda: None))
    source = write_articles(folder / "practice.jsonl", PRACTICE)
    small = [word for pair in IMPROVING for word in ("--set", pair)]
    tell("improve --dry-run", "improve", source, *small, "--dry-run")
    run = tell("improve", "improve", source, *small, "--approve", "policy")["run"]
    tell("improve --resume, done", "improve", "--resume", run)
    tell("improve --dry-run, measured", "improve", source, *small, "--dry-run")
    for policy in tell("approve, policies", "approve")["waiting"]:
        tell("approve --yes, a policy", "approve", policy["id"], "--yes")
    tell("status, improved", "status")
    tell("trace, improve", "trace", run)
    tell("trace, practice", "trace", f"{run}.2.practice")
    tell("trace, held-out", "trace", f"{run}.2.held-out")
    for kind in ("planner", "writer"):
        tell(f"rollback --policy {kind}", "rollback", "--policy", kind)
    return tell.printed


def demo(folder: Path) -> Printed:
    tell = Commands(folder / "demo")
    tell("demo", "demo", "--set", "plan.candidates=1")
    return tell.printed
