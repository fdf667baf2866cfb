"""`seal bench improve`: is what `seal improve` learned worth anything on documents that had no part in it?

Each arm plans one self-edit a document, trained with one seed: the policy that was promoted last, one that has learned
nothing, some learned from the same rewards dealt to actions at random, and the planner that plans where there is no
policy. Of writers, which write the planned text: the promoted one, the bare base model, and one learned from the same
texts with their rewards dealt out at random. All are measured on all knowledge probes of the same documents, in one
batch a document.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from langchain_core.runnables import RunnableConfig
from rich.console import Console
from rich.progress import Progress

from agent.config import load_config
from agent.config.settings import as_recorded
from agent.errors import ConfigError
from agent.records import Document, WriterPolicy
from agent.sources import read
from evals.statistics.paired import difference
from graphs.context import Context
from graphs.improve.testing import test_graph
from graphs.improve.verdict import compare_arms
from graphs.methods import method_named
from graphs.methods.method import Choosers
from graphs.methods.planner import RANDOM, ByPriors, PlannerMethod
from graphs.methods.practice import Practice, practice_run
from graphs.methods.writer import WriterMethod
from graphs.wiring import open_context


def _planners(context: Context, run: str) -> Choosers:
    """The controls are learned anew from all practice."""
    method, practice = PlannerMethod(context), context.keep(Practice)
    last = practice_run(run, len(context.ledger.rounds(run)))
    random = [method.control(last, practice, seed) for seed in range(RANDOM)]
    return {
        "current": method.by(method.acting()), "random": method.by(*random), "untrained": method.by(method.blank()),
        "usual": ByPriors(context.config.train),
    }  # fmt: skip


def _writers(context: Context, run: str) -> Choosers:
    """The control is that of the last round which trained a writer."""
    method = WriterMethod(context)
    last = max(r.number for r in context.ledger.rounds(run) if r.kind == method.name)
    control = next(p for p in context.ledger.policies(practice_run(run, last), WriterPolicy) if p.arm == "random")
    return {
        "current": method.by(method.acting()), "random": method.by(control), "untrained": method.by(method.blank()),
    }  # fmt: skip


@dataclass(frozen=True)
class Exam:
    """How policies of a method are examined. `name` stands behind the run's in the name of the exam."""

    name: str
    arms: Callable[[Context, str], Choosers]


EXAMS = {"planner": Exam("exam", _planners), "writer": Exam("writer-exam", _writers)}


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="seal bench improve", description=__doc__)
    parser.add_argument("source", help="documents that seal improve has not seen, as for seal ingest")
    parser.add_argument("--home", type=Path, required=True, help="the home in which seal improve ran")
    parser.add_argument("--policy", choices=EXAMS, default="planner", help="planner (default) or writer")
    parser.add_argument("--run", help="the run of seal improve (default: the last one)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    told = parser.parse_args(argv)
    context = open_context(load_config(home=told.home))
    run = told.run or _last(context)
    config, _ = as_recorded(context.config, context.ledger.run(run).config)
    context = context.under(config)
    found = examined(context, run, _documents(context, told.source), told.policy)
    if told.json:
        print(json.dumps(found))
    else:
        _show(found)


def _last(context: Context) -> str:
    runs = [run.id for run in context.ledger.runs() if run.kind == "improve"]
    if not runs:
        raise ConfigError("no run of seal improve is in this home", "name the home in which it ran")
    return runs[-1]


def _documents(context: Context, source: str) -> list[Document]:
    found = read(source, timeout=context.config.source.timeout, max_words=context.config.write.max_words)
    return [item for item in found if isinstance(item, Document)]


def examined(context: Context, run: str, documents: Sequence[Document], kind: str = "planner") -> dict[str, Any]:
    """Test every arm on every document. What was tested before is not tested again.

    Raises:
        ConfigError: the run has promoted nothing, or has seen one of the documents.
    """
    ledger, exam = context.ledger, f"{run}.{EXAMS[kind].name}"
    if seen := {d.id for d in ledger.documents(run)} & {d.id for d in documents}:
        raise ConfigError(f"{len(seen)} of the documents had a part in run {run}", "name other documents")
    if not method_named(context, kind).acting().learned:
        raise ConfigError(f"run {run} has promoted no {kind}", "let it practise for more rounds")
    arms = EXAMS[kind].arms(context, run)
    ledger.start_run(exam, "held-out", context.config.recorded(), [], parent=run, trains=kind)
    graph = test_graph(lambda *_: arms).compile()
    limit: RunnableConfig = {"recursion_limit": 100}
    with Progress(console=Console(stderr=True)) as bar:
        for document in bar.track(documents, description="documents"):
            ledger.add_document(document, exam)
            if document.id not in ledger.outcomes(exam):
                graph.invoke({"run": exam, "document": document.id}, limit, context=context)
    ledger.finish_run(exam, "done", {})
    return _told(context, exam, arms, documents, kind) | {"run": run, "seed": context.config.train.seed}


def _told(context: Context, exam: str, arms: Choosers, documents: Sequence[Document], kind: str) -> dict[str, Any]:
    found = compare_arms(context, exam, arms, documents)
    results = {result.arm: result.trials for result in found}
    texts = method_named(context, kind).texts(exam, found)
    learned = [trial.gain for trial in results["current"]]
    chosen = {
        arm: sorted({f"{t.action.strategy} x{t.action.rate:g}" for t in trials}) for arm, trials in results.items()
    }  # fmt: skip
    return {
        "documents": len(learned),
        "left_out": len(documents) - len(learned),
        "arms": {
            arm: {
                "gain": fmean(t.gain for t in trials), "forgetting": fmean(t.forgetting for t in trials),
                "tokens": fmean(t.tokens for t in trials), "chose": chosen[arm],
                "learned_minus_it": difference(learned, [t.gain for t in trials]).model_dump(),
                "it_minus_untrained": difference(
                    [t.gain for t in trials], [t.gain for t in results["untrained"]]
                ).model_dump(),
                "texts": texts[arm].model_dump() if arm in texts else None,
            }
            for arm, trials in results.items()
        },
    }  # fmt: skip


def _show(found: dict[str, Any]) -> None:
    console = Console()
    console.print(f"{found['documents']} documents that run {found['run']} has not seen, {found['left_out']} left out")
    for arm, row in found["arms"].items():
        gap = row["it_minus_untrained"]
        console.print(
            f"{arm:10} gain {row['gain']:.3f}, against untrained {gap['mean']:+.3f} "
            f"(95% interval {gap['low']:+.3f} to {gap['high']:+.3f}, p = {gap['p_value']:.4f}), "
            f"forgetting {row['forgetting']:.2f}, {row['tokens']:.0f} tokens a candidate, "
            f"chose {', '.join(row['chose'][:4])}{' ...' if len(row['chose']) > 4 else ''}",
            highlight=False,
        )
        if texts := row["texts"]:
            console.print(f"           {texts['usable']} of {texts['written']} texts usable", highlight=False)
