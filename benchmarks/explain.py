"""`seal bench explain`: does a training line that states the answer stand first in what moved it?

Over the questions that came with a home's documents and that the document's own adapter answers right when they are
asked as `seal ask` asks. A line states the answer where the reference stands in its text. Compared are the gradients'
cosine and dot product, the number of the question's words that stand in the line, the F1 of question and line, and a
line drawn at random. Of lines that score alike each is first equally often. AUC is how often a line that states the
answer scores above one that does not, where a question has both.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from sklearn.metrics import roc_auc_score

from agent.config import load_config
from agent.errors import StoreError
from agent.records import Question
from agent.text.normal import words
from evals.probes.matching import contains, f1
from evals.statistics.paired import difference
from graphs.ask.asking import ask
from graphs.ask.explain import explain
from graphs.context import Context
from graphs.views.answers import TrainingLine
from graphs.wiring import open_context

Row = dict[str, Any]
SCORES: dict[str, Callable[[str, TrainingLine], float]] = {
    "cosine": lambda question, line: line.cosine,
    "dot": lambda question, line: line.dot,
    "words": lambda question, line: len(set(words(question)) & set(words(line.text))),
    "f1": lambda question, line: f1(line.text, question),
    "random": lambda question, line: 0,
}


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="seal bench explain", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help="a home that learned documents with questions")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    told = parser.parse_args(argv)
    found = measured(open_context(load_config(home=told.home)))
    if told.json:
        print(json.dumps(found))
    else:
        _show(found)


def measured(context: Context) -> dict[str, Any]:
    """Raises StoreError where no question is answered right."""
    rows = list(_rows(context))
    if not rows:
        raise StoreError("no adapter of this home answers a question of its document right", "seal ingest more")
    told: dict[str, Any] = {"questions": len(rows), "documents": len({row["document"] for row in rows})}
    for name in SCORES:
        aucs = [row[name]["auc"] for row in rows if row[name]["auc"] is not None]
        told[name] = {"first": fmean(row[name]["first"] for row in rows), "auc": fmean(aucs) if aucs else None}
    for name in ("dot", "words", "f1", "random"):
        gaps = difference([row["cosine"]["first"] for row in rows], [row[name]["first"] for row in rows])
        told[f"cosine_minus_{name}"] = gaps.model_dump()
    return told | {"rows": rows}


def _rows(context: Context) -> Iterator[Row]:
    """One for each question that is answered right."""
    ledger = context.ledger
    for adapter in ledger.current(context.config.model.name):
        for question in ledger.document(adapter.document).questions:
            answer = ask(context, question.question)
            if answer.adapter == adapter.id and contains(answer.answer, question.answer):
                lines = explain(context, answer).lines
                yield {"document": adapter.title, "question": question.question, "lines": len(lines),
                       **graded(question, lines)}  # fmt: skip


def graded(question: Question, lines: Sequence[TrainingLine]) -> Row:
    """Of each score: the chance that its first line states the answer, and its AUC."""
    states = [contains(line.text, question.answer) for line in lines]
    both = len(set(states)) == 2
    row: Row = {"states": fmean(states)}
    for name, score in SCORES.items():
        scores = [score(question.question, line) for line in lines]
        first = [state for state, one in zip(states, scores, strict=True) if one == max(scores)]
        row[name] = {"first": fmean(first), "auc": float(roc_auc_score(states, scores)) if both else None}
    return row


def _show(found: dict[str, Any]) -> None:
    print(f"{found['questions']} questions of {found['documents']} documents, answered right by their adapter")
    for name in SCORES:
        auc = found[name]["auc"]
        print(f"{name:8} states the answer first {found[name]['first']:.0%}" + (f", AUC {auc:.2f}" if auc else ""))
    for name in ("dot", "words", "f1", "random"):
        gap = found[f"cosine_minus_{name}"]
        print(f"cosine minus {name:8} {gap['mean']:+.2f} (95% interval {gap['low']:+.2f} to {gap['high']:+.2f})")
