"""One side of `seal bench ruler`, a process of its own: it learns passages with the code that PYTHONPATH names.

It imports nothing of `benchmarks`, and of the rest only what a checkout of before has as well. One request is one line
of JSON on stdin, and so is its answer on stdout; everything else that is printed goes to stderr. The first request says
where its home is and how it is configured.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import agent
from agent.config import load_config
from agent.errors import UnknownName
from agent.memory.routing import chosen
from agent.models.prompts import asked_prompt
from agent.ports import Progress, Query, Trainer, TrainFailure, TrainJob
from agent.records import BASE, Candidate, Document, Probe, Training
from evals.probes.making import make_probes
from evals.probes.matching import contains
from evals.probes.scoring import score
from graphs.context import Context, Makers
from graphs.library.folders import routed_query
from graphs.runs.flows import INGEST
from graphs.runs.life import begin

Told = dict[str, Any]
"""JSON. What the bench reads of it stands in benchmarks/ruler/results.py."""


class AskingTrainer:
    """A trainer that has every adapter asked as soon as it is there: its folder goes when its document is closed."""

    def __init__(self, inner: Trainer, ask: Callable[[str, Mapping[str, Path]], None]) -> None:
        self._inner = inner
        self._ask = ask

    @property
    def gpus(self) -> int:
        return self._inner.gpus

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]:
        results = self._inner.train(jobs, progress)
        trained = {result.candidate for result in results if isinstance(result, Training)}
        of: dict[str, dict[str, Path]] = defaultdict(dict)
        for job in jobs:
            if job.candidate.id in trained:
                of[job.candidate.document][job.candidate.id] = job.folder
        for document, subjects in of.items():
            self._ask(document, subjects)
        return results

    def merge(self, members: Sequence[tuple[Candidate, Path]], folder: Path) -> None:
        self._inner.merge(members, folder)
        self._ask(members[0][0].document, {folder.name: folder})


@dataclass
class Asked:
    """What subjects answered to the questions that people asked of a passage. Kept in a file, so that what a process
    asked that was killed is not lost with the adapters."""

    file: Path
    by: dict[tuple[str, str], Told] = field(default_factory=dict)
    """By the passage's key and the subject."""

    def __post_init__(self) -> None:
        with suppress(FileNotFoundError):
            for line in self.file.read_text(encoding="utf-8").splitlines():
                with suppress(ValueError):  # blank, or cut off by a kill
                    told = json.loads(line)
                    self.by[told["passage"], told["subject"]] = told["answers"]

    def add(self, passage: str, subject: str, answers: Told) -> None:
        line = json.dumps({"passage": passage, "subject": subject, "answers": answers})
        with self.file.open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")  # the line before may have been cut off
        self.by[passage, subject] = answers


class Side:
    """Passages learned bare, one run each, in one home."""

    def __init__(self, home: Path, overrides: Mapping[str, str], makers: Makers) -> None:
        self.folder = home / "passages"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.asked = Asked(home / "asked.jsonl")
        self.passage: Told = {}
        named = replace(makers, new_name=lambda: _run_of(self.passage), trainer=self._trainer(makers.trainer))
        self.context = Context(load_config(None, overrides, home), named)

    def _trainer(self, make: Callable[[Context], Trainer]) -> Callable[[Context], Trainer]:
        return lambda context: AskingTrainer(
            make(context), lambda document, subjects: self._ask(context, document, subjects)
        )

    def _ask(self, context: Context, document: str, subjects: Mapping[str, Path]) -> None:
        """The questions of the passage in hand, closed book, as probes are asked."""
        key, title = self.passage["key"], context.ledger.document(document).title
        probes = [Probe.make(key, "given", "heldout", q["question"], q["answer"]) for q in self.passage["questions"]]
        wanted: dict[str, Path | None] = {**subjects} if (key, BASE) in self.asked.by else {BASE: None, **subjects}
        scores = score(context.model, title, probes, wanted)
        for place, subject in enumerate(wanted):
            own = scores[place * len(probes) : (place + 1) * len(probes)]
            told = {"right": [s.correct > 0 for s in own], "logprob": [s.logprob for s in own]}
            self.asked.add(key, subject, {**told, "answers": [s.answer for s in own]})

    def learn(self, passage: Told) -> Told:
        """Ingest its bare text, and say what came of it."""
        self.passage = passage
        source = self.folder / f"{passage['key']}.jsonl"
        source.write_text(json.dumps({"title": passage["title"], "text": passage["text"]}) + "\n", encoding="utf-8")
        ledger, began = self.context.ledger, time.monotonic()
        with ledger.alone(lambda: None):
            if not self._is_done(_run_of(passage)):
                life = begin(INGEST, self.context, [str(source)], "ingest")
                life.run()
                life.finish()
        return self._result(passage) | {"seconds": time.monotonic() - began}

    def _is_done(self, run: str) -> bool:
        with suppress(UnknownName):
            return self.context.ledger.run(run).status == "done"
        return False

    def _result(self, passage: Told) -> Told:
        ledger, run, key = self.context.ledger, _run_of(passage), passage["key"]
        documents = ledger.documents(run)
        if len(documents) != 1:
            return {"outcome": "failed", "detail": f"was read as {len(documents)} documents"}
        document = documents[0].id
        outcome = ledger.outcomes(run)[document]
        candidates = ledger.candidates(run, document)
        steps = [event.data for event in ledger.events(run) if event.step == "probe"]
        return {
            "outcome": outcome.kind, "detail": outcome.detail,
            "probes": [_told(probe) for probe in ledger.probes(document)],
            "checks": next((data["checks"] for data in steps if "checks" in data), {}),
            "base": self.asked.by.get((key, BASE)),
            "tried": [
                {"id": c.id, "strategy": c.strategy, "reward": reward.value, "human": self.asked.by.get((key, c.id))}
                for c in candidates if (reward := ledger.reward(c.id))
            ],
            "champion": next((
                {"id": c.id, "verdict": found.verdict, "n": found.n, "before": found.accuracy_before,
                 "after": found.accuracy_after, "human": self.asked.by.get((key, c.id))}
                for c in candidates if (found := ledger.decision(c.id))
            ), None),
        }  # fmt: skip

    def ask_all(self, passages: Sequence[Told]) -> Told:
        """The questions of all passages: of the base before there is a library, and through the router over it."""
        context, ledger = self.context, self.context.ledger
        config, adapters = context.config, ledger.current(context.config.model.name)
        asked = [(passage["key"], q) for passage in passages for q in passage["questions"]]
        questions = [q["question"] for _, q in asked]
        ranked = context.router.route_all(questions, adapters, ledger.document)
        routed = [chosen(row, config.ask.max_distance) for row in ranked]
        own = {passage["key"]: {d.id for d in ledger.documents(_run_of(passage))} for passage in passages}
        queries = [routed_query(config, q, adapter) for q, adapter in zip(questions, routed, strict=True)]
        bare = [Query(asked_prompt(q)) for q in questions]
        after, before = (context.model.answer(these, config.ask.max_tokens) for these in (queries, bare))
        answers: dict[str, Told] = {p["key"]: {"before": [], "after": [], "by": [], "answers": []} for p in passages}
        for (key, q), adapter, new, old in zip(asked, routed, after, before, strict=True):
            answers[key]["before"].append(contains(old, q["answer"]))
            answers[key]["after"].append(contains(new, q["answer"]))
            who = "base" if adapter is None else "own" if adapter.document in own[key] else "other"
            answers[key]["by"].append(who)
            answers[key]["answers"].append(new)
        return {"adapters": len(adapters), "answers": answers}


def _run_of(passage: Told) -> str:
    """The name of the passage's run. It seeds plans and noise, so that the same passage always has the same ones."""
    return f"ruler-{passage['key']}"


def _told(probe: Probe) -> Told:
    return {"kind": probe.kind, "half": probe.half, "recall": probe.recall,
            "question": probe.question, "answer": probe.answer}  # fmt: skip


def probes_of(passage: Told) -> Told:
    """Those that are made of the bare text without any model."""
    document = Document.make(passage["title"], passage["text"])
    return {"probes": [_told(probe) for probe in make_probes(document)]}


def _say_last(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
    """Notes of libraries follow an error in its traceback: the bench shows the last line."""
    traceback.print_exception(kind, error, at)
    print(" ".join(f"{kind.__name__}: {error}".split()), file=sys.stderr)


def main() -> None:
    from graphs.wiring import REAL

    sys.excepthook = _say_last
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(told: Told) -> None:
        answers.write(json.dumps(told) + "\n")
        answers.flush()

    start = json.loads(sys.stdin.readline())
    side = Side(Path(start["home"]), start["set"], REAL) if start["home"] else None
    answer({"code": str(Path(agent.__file__).parents[1])})
    for line in sys.stdin:
        request = json.loads(line)
        if side is None:
            answer(probes_of(request["passage"]))
        elif "passage" in request:
            answer(side.learn(request["passage"]))
        else:
            answer(side.ask_all(request["passages"]))


if __name__ == "__main__":
    main()
