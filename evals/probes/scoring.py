"""Probes answered by the base and by any number of adapters, in one batch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.models.prompts import answer_completion, probe_prompt
from agent.ports import Judge, LanguageModel, Query
from agent.records import Probe, RoutedAnswer, Score
from evals.probes.matching import METHOD, contains, f1

MAX_TOKENS = 24
"""Longest answer to a probe, as `seal ask` has it by default: before and after are cut alike."""
JUDGE = "judge"
Subjects = Mapping[str, Path | None]


def score(
    model: LanguageModel, title: str, probes: Sequence[Probe], subjects: Subjects, judge: Judge | None = None
) -> list[Score]:
    """Every probe for every subject, closed book: nothing of the document is in the prompt.

    A cloze probe is a choice: it is right where its answer is likelier than each of its distractors.
    Any other is right where the greedy answer contains the reference, or, with a judge, where the judge says so.
    """
    pairs = [(name, probe) for name in subjects for probe in probes]
    queries = [Query(probe_prompt(title, probe.question), subjects[name]) for name, probe in pairs]
    answers = model.answer(queries, MAX_TOKENS) if pairs else []
    likelihoods = _likelihoods(model, queries, [probe for _, probe in pairs])
    scores: list[Score] = []
    for (name, probe), answer, (logprob, likeliest) in zip(pairs, answers, likelihoods, strict=True):
        if probe.is_choice:
            method, correct = "likelihood", likeliest
        else:
            method, correct = grade(probe, answer, judge)
        scores.append(
            Score(
                probe=probe.id,
                subject=name,
                answer=answer,
                correct=float(correct),
                method=method,
                f1=f1(answer, probe.answer),
                logprob=logprob,
                judged=correct if method == JUDGE else None,
            )
        )
    return scores


def grade(probe: Probe, answer: str, judge: Judge | None) -> tuple[str, bool]:
    """How a greedy answer was graded, and whether it is right.

    The judge says; where there is none or it did not answer, the answer must contain the reference.
    """
    judged = judge.judge(probe.question, probe.answer, answer) if judge else None
    return (METHOD, contains(answer, probe.least)) if judged is None else (JUDGE, judged)


def grade_alike(probe: Probe, answers: Mapping[str, Score | RoutedAnswer]) -> dict[str, bool]:
    """Which answers to a probe are right, all by one method: by their words where the judge did not judge all."""
    same = len({answer.method for answer in answers.values()}) == 1
    return {k: a.correct > 0 if same else contains(a.answer, probe.least) for k, a in answers.items()}


def _likelihoods(model: LanguageModel, queries: Sequence[Query], probes: Sequence[Probe]) -> list[tuple[float, bool]]:
    """For each probe the answer's mean log-probability, and whether it is likelier than every distractor."""
    asked = [
        (query, text)
        for query, probe in zip(queries, probes, strict=True)
        for text in (probe.answer, *probe.distractors)
    ]
    found = iter(
        model.likelihoods([q for q, _ in asked], [answer_completion(text) for _, text in asked]) if asked else []
    )
    out: list[tuple[float, bool]] = []
    for probe in probes:
        own = next(found).logprob
        out.append((own, own > max([next(found).logprob for _ in probe.distractors], default=-math.inf)))
    return out
