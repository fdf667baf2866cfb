"""What the reward's terms measure: gain over the base on a document's probes, what was forgotten beside them, and the
form of the text."""

from __future__ import annotations

import math
from math import log2

from agent.records import Document, Probe, ProbeSet, Score, SelfEdit
from agent.text.normal import wording, words
from evals.evidence import Evidence
from evals.probes.matching import contains
from evals.probes.scoring import grade_alike


def gain_on_reward_half(evidence: Evidence) -> float:
    """Mean of the gain in accuracy and the gain in answer probability, in [-1, 1], over the probes that reward.

    Accuracy is net of what the same answers hit on the other probes (see `_stray`). The answer probability of a probe
    is exp(mean log-probability per token), in [0, 1].
    Raises ValueError where nothing was measured: that is no reward of zero.
    """
    if not evidence.measured.rewarding:
        raise ValueError(f"candidate {evidence.candidate} was measured on no probe of the reward half")
    return _gain(evidence.measured.rewarding, evidence)


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


def _gain(probes: ProbeSet, evidence: Evidence, by_words: bool = False) -> float:
    if not probes:
        return 0.0
    before, after = evidence.before.by_probe, evidence.after.by_probe
    accuracy = sum(_step(p, before[p.id], after[p.id], by_words) for p in probes) / len(probes)
    strayed = sum(_stray(p, after[p.id], probes) - _stray(p, before[p.id], probes) for p in probes) / len(probes)
    likelihood = sum(math.exp(after[p.id].logprob) - math.exp(before[p.id].logprob) for p in probes) / len(probes)
    return (accuracy - strayed + likelihood) / 2


def _step(probe: Probe, before: Score, after: Score, by_words: bool) -> int:
    """The gain in rightness."""
    if by_words and not probe.is_choice:
        return contains(after.answer, probe.least) - contains(before.answer, probe.least)
    right = grade_alike(probe, {"before": before, "after": after})
    return right["after"] - right["before"]


def _stray(probe: Probe, score: Score, probes: ProbeSet) -> float:
    """The share of the other probes that this answer would be right for, too.

    Whoever says the same to everything, or all that the document tells, gains nothing by it. What stands in the
    probe's own reference does not count, nor does a choice between given answers.
    """
    others = [p for p in probes if not p.is_choice and not contains(probe.answer, p.least)]
    if probe.is_choice or not others:
        return 0.0
    return sum(contains(score.answer, p.least) for p in others) / len(others)


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
