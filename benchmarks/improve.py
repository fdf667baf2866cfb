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
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, get_args

from graphs.improve.trial_nodes import HeldoutNodes
from graphs.improve.writings import texts_by_arm
from graphs.methods.choosers import ByPolicy, ByWriter, Chooser, Choosers, Usual
from graphs.methods.learners import RANDOM, PlannerLearner, WriterLearner
from graphs.methods.outer import HELDOUT, IMPROVE, practice_run
from graphs.runtime import Runtime
from langchain_core.runnables import RunnableConfig
from rich.console import Console
from rich.progress import Progress

from agent.config import load_config
from agent.config.settings import as_recorded
from agent.errors import ConfigError
from agent.records import Document
from agent.records.rounds import Arm, Kind
from agent.sources import read
from evals.statistics.paired import difference
from graphs.improve.graph import trial_graph
from graphs.improve.verdict import compared
from graphs.methods.practice import Practice
from seal_train.policies.planner import learn_planner

EXAMS: dict[Kind, str] = {"planner": "exam", "writer": "writer-exam"}


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="seal bench improve", description=__doc__)
    parser.add_argument("source", help="documents that seal improve has not seen, as for seal ingest")
    parser.add_argument("--home", type=Path, required=True, help="the home in which seal improve ran")
    parser.add_argument("--policy", choices=get_args(Kind), default="planner", help="planner (default) or writer")
    parser.add_argument("--run", help="the run of seal improve (default: the last one)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    told = parser.parse_args(argv)
    runtime = Runtime(load_config(home=told.home))
    run = told.run or _last(runtime)
    runtime.config, _ = as_recorded(runtime.config, runtime.ledger.run(run)["config"])
    found = examined(runtime, run, _documents(runtime, told.source), told.policy)
    if told.json:
        print(json.dumps(found))
    else:
        _show(found)


def _last(runtime: Runtime) -> str:
    runs = [str(r["run"]) for r in runtime.ledger.runs() if r["kind"] == IMPROVE]
    if not runs:
        raise ConfigError("no run of seal improve is in this home", "name the home in which it ran")
    return runs[-1]


def _documents(runtime: Runtime, source: str) -> list[Document]:
    found = read(source, timeout=runtime.config.source.timeout, max_words=runtime.config.write.max_words)
    return [item for item in found if isinstance(item, Document)]


def choosers(runtime: Runtime, run: str, kind: Kind) -> Choosers:
    """Raises ConfigError where the run has promoted nothing."""
    if (runtime.acting if kind == "planner" else runtime.acting_writer) is None:
        raise ConfigError(f"run {run} has promoted no {kind}", "let it practise for more rounds")
    return _planners(runtime, run) if kind == "planner" else _writers(runtime, run)


def _planners(runtime: Runtime, run: str) -> Choosers:
    assert runtime.acting is not None
    train, written, observed = runtime.config.train, runtime.written, Practice(runtime).observations()
    last, base = practice_run(run, len(runtime.ledger.rounds(run))), runtime.config.model.name
    random = tuple(learn_planner(last, base, tuple(runtime.strategies), observed, seed) for seed in range(RANDOM))
    arms: dict[Arm, Chooser] = {
        "current": ByPolicy((runtime.acting,), train, written), "random": ByPolicy(random, train, written),
        "untrained": ByPolicy((PlannerLearner(runtime).blank(),), train, written), "usual": Usual(train),
    }  # fmt: skip
    return arms


def _writers(runtime: Runtime, run: str) -> Choosers:
    """The control is that of the last round which trained a writer."""
    last = max(r.number for r in runtime.ledger.rounds(run) if r.kind == "writer")
    control = next(p for p in runtime.ledger.writers(practice_run(run, last)) if p.arm == "random")
    learner, train = WriterLearner(runtime), runtime.config.train
    return {
        "current": ByWriter(learner.acting(), train), "random": ByWriter(control, train),
        "untrained": ByWriter(learner.blank(), train),
    }  # fmt: skip


def examined(runtime: Runtime, run: str, documents: Sequence[Document], kind: Kind = "planner") -> dict[str, Any]:
    """Test every arm on every document. What was tested before is not tested again.

    Raises:
        ConfigError: the run has promoted nothing, or has seen one of the documents.
    """
    ledger, exam = runtime.ledger, f"{run}.{EXAMS[kind]}"
    if seen := {d.id for d in ledger.documents(run)} & {d.id for d in documents}:
        raise ConfigError(f"{len(seen)} of the documents had a part in run {run}", "name other documents")
    arms = choosers(runtime, run, kind)
    ledger.start_run(exam, HELDOUT, runtime.config.recorded(), [])
    graph = trial_graph(HeldoutNodes(runtime, lambda _: arms), rewarded=False).compile()
    limit: RunnableConfig = {"recursion_limit": 100}
    with Progress(console=Console(stderr=True)) as bar:
        for document in bar.track(documents, description="documents"):
            ledger.add_document(document, exam)
            if document.id not in ledger.outcomes(exam):
                graph.invoke({"run": exam, "document": document.id}, limit)
    ledger.finish_run(exam, "done", {})
    return _told(runtime, exam, arms, documents, kind) | {"run": run, "seed": runtime.config.train.seed}


def _told(runtime: Runtime, exam: str, arms: Choosers, documents: Sequence[Document], kind: Kind) -> dict[str, Any]:
    found = compared(runtime, exam, arms, documents)
    results = {result.arm: result.trials for result in found}
    texts = texts_by_arm(runtime.ledger, exam, found) if kind == "writer" else {}
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
