"""What the reward's terms measure: gain over the base on a document's probes, what was forgotten beside them, and the
form of the text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from math import log2

from agent.records import Document, Probe, ProbeSet, Score, SelfEdit
from agent.text.normal import wording, words
from agent.text.parsing import facts
from evals.evidence import Evidence, RewardEvidence
from evals.probes.matching import contains
from evals.probes.scoring import grade_alike


def gain_on_reward_half(evidence: RewardEvidence) -> float:
    """Mean of the gain in accuracy and the gain in answer probability, in [-1, 1], over the probes that reward.

    Accuracy is net of what the same answers hit on the other probes (see `_stray`). The answer probability of a probe
    is exp(mean log-probability per token), in [0, 1].
    Raises ValueError where nothing was measured: that is no reward of zero.
    """
    if not evidence.measured.rewarding:
        raise ValueError(f"candidate {evidence.candidate} was measured on no probe of the reward half")
    told = [fact.answer for fact in facts(evidence.document.text)]
    return _gain(evidence.measured.rewarding, evidence, told=told)


def recall_gain(evidence: Evidence) -> float:
    """The same gain over the recall probes of the reward half; 0 where there is none."""
    return _gain(evidence.measured.asked_in_practice.recall, evidence)


def gain_on_knowledge(evidence: Evidence) -> float:
    """The gain in [-1, 1] on all knowledge probes of both halves, for a candidate that neither half has chosen.

    An answer is right where it contains the reference: the judge, which a text may flatter, has no say, as at the gate.
    Raises ValueError where none was measured.
    """
    if not evidence.measured.knowledge:
        raise ValueError("no knowledge probe was measured")
    return _gain(evidence.measured.knowledge, evidence, by_words=True)


def forgetting(evidence: Evidence) -> float:
    """The loss of forced retention, in [0, 1], never negative."""
    return max(0.0, evidence.before.retention.forced - evidence.after.retention.forced)


def _gain(probes: ProbeSet, evidence: Evidence, by_words: bool = False, told: Sequence[str] = ()) -> float:
    """`told` are the facts of the document, where they are known."""
    if not probes:
        return 0.0
    before, after = evidence.before.by_probe, evidence.after.by_probe
    accuracy = sum(_step(p, before[p.id], after[p.id], by_words) for p in probes) / len(probes)
    strayed = sum(_stray(p, after[p.id], probes, told) - _stray(p, before[p.id], probes, told) for p in probes)
    strayed /= len(probes)
    likelihood = sum(math.exp(after[p.id].logprob) - math.exp(before[p.id].logprob) for p in probes) / len(probes)
    return (accuracy - strayed + likelihood) / 2


def _step(probe: Probe, before: Score, after: Score, by_words: bool) -> int:
    """The gain in rightness."""
    if by_words and not probe.is_choice:
        return contains(after.answer, probe.least) - contains(before.answer, probe.least)
    right = grade_alike(probe, {"before": before, "after": after})
    return right["after"] - right["before"]


def _stray(probe: Probe, score: Score, probes: ProbeSet, told: Sequence[str]) -> float:
    """What is taken off for an answer: the share of the other probes that it would be right for, too, and where it is
    right, half for each other fact that it names beside; at most 1.

    Whoever says the same to everything, or all that the document tells, gains nothing by it. What stands in the
    probe's own reference does not count, nor does a choice between given answers.
    """
    if probe.is_choice:
        return 0.0
    others = [p.least for p in probes if not p.is_choice and not contains(probe.answer, p.least)]
    right_for = sum(contains(score.answer, least) for least in others) / len(others) if others else 0.0
    if not score.correct:
        return right_for
    beside = {wording(fact) for fact in told if contains(score.answer, fact) and not contains(probe.answer, fact)}
    return max(right_for, min(1.0, sum(not contains(fact, probe.least) for fact in beside) / 2))


LONG = 16
"""Words of a self-edit per word of its document, up to which length costs nothing. Of the strategies that ask no model
the longest write 7 to 10 in the median."""


def length(document: Document, edit: SelfEdit) -> float:
    """How often the self-edit would have to be halved to be LONG times as long as its document; 0 where it is not."""
    own = sum(len(words(example.text)) for example in edit.examples)
    return max(0.0, log2(max(1, own) / (LONG * max(1, len(words(document.text))))))


def repetition(edit: SelfEdit) -> float:
    """The share, in [0, 1], of the sequences as they were written that ask what an earlier one asked; where they ask
    nothing, that say what an earlier one said."""
    written = [*edit.examples, *(refusal.example for refusal in edit.refused)]
    said = [wording(example.prompt) or wording(example.text) for example in written]
    return 1 - len(set(said)) / len(said) if said else 0.0
