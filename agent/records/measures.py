"""What is asked, what was answered, what the answers are worth, and what else changed."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field

from agent.records.base import Record, content_id

Half = Literal["reward", "heldout"]

ProbeKind = Literal["given", "written", "parsed", "cloze"]

Verdict = Literal["publish", "reject", "undecided"]

RoutedTo = Literal["own", "other", "base"]


class Probe(Record):
    """A question that measures knowledge of a document. Never trained on.

    `recall` marks a probe whose wording stands in the document: training on the document makes it trivial, so it
    proves nothing alone. `distractors` are wrong answers of the same kind, for probes that are scored by likelihood.
    `alike` are the other facts of the document that look like the answer (numbers, names, or other words), and `rivals`
    counts them: who guesses among such facts is right once in `rivals` + 1 times. `core` is what of a long answer must
    be said: the "swimming" of "swimming in the lower pool"; "" where all of it must.
    """

    id: str
    document: str
    kind: ProbeKind
    half: Half
    question: str
    answer: str
    distractors: tuple[str, ...] = ()
    rivals: int = 0
    alike: tuple[str, ...] = ()
    core: str = ""
    recall: bool = False

    @classmethod
    def make(cls, document: str, kind: ProbeKind, half: Half, question: str, answer: str, **more: Any) -> Self:
        key = content_id("probe", document, kind, question, answer)
        return cls(id=key, document=document, kind=kind, half=half, question=question, answer=answer, **more)

    @property
    def least(self) -> str:
        """The words that a right answer contains."""
        return self.core or self.answer

    @property
    def is_choice(self) -> bool:
        """Whether it is right where its answer is likelier than each distractor, not by what is answered in words."""
        return self.kind == "cloze"


class Score(Record):
    """One probe answered by one subject (a candidate's id, or "base").

    `correct` is 0 or 1 by `method`; `f1` is token F1 in [0, 1]; `logprob` is the mean log-probability
    of a token of the reference answer, in nats; `judged` is the judge's verdict, None where it was not
    asked or did not answer.
    """

    probe: str
    subject: str
    answer: str
    correct: float
    method: str
    f1: float
    logprob: float
    judged: bool | None = None


class RoutedAnswer(Record):
    """One probe asked as a person asks it: through the router, over one version of the adapter library.

    `library` is that version, 0 where nothing is published. `adapter` is the id of the one that answered, ""
    for the base; `routed_to` says whether it is the adapter of the probe's own document. `correct` is 0 or 1 by
    `method`.
    """

    probe: str
    library: int
    adapter: str
    routed_to: RoutedTo
    answer: str
    correct: float
    method: str


class Retention(Record):
    """What one subject still knows of the fixed general questions.

    `forced` is the accuracy in [0, 1] over the common questions, each under its own topic, with the adapter on,
    which shows what training did to the model. `routed` is the accuracy over all `items`, common and topical, asked
    as `seal ask` asks: with the adapter on, under the title of its document, where a question would be routed
    there, and of the base under no topic elsewhere; `reached` counts the former, None in records from before it
    was counted. `logprob` is in nats per token, over the common ones, adapter forced on.
    """

    subject: str
    forced: float
    routed: float
    logprob: float
    items: int
    reached: int | None = None


class Reward(Record):
    """`value` is the weighted sum of the terms (see `evals.rewards.rubric`): clipped `gain` on the reward half minus
    `forgetting` (loss of forced retention), `length` and `repetition` of the self-edit. `recall_gain` has no weight.
    `others` are terms of packages outside, by name."""

    candidate: str
    gain: float
    forgetting: float
    value: float
    recall_gain: float = 0.0
    length: float = 0.0
    repetition: float = 0.0
    others: dict[str, float] = Field(default_factory=dict, exclude_if=lambda others: not others)


class GateDecision(Record):
    """The gate's word on a candidate, with the evidence for it.

    `n` counts the held-out knowledge probes, over which the accuracies are; the retention figures are the
    routed ones.
    """

    candidate: str
    verdict: Verdict
    reason: str
    n: int
    p_value: float
    accuracy_before: float
    accuracy_after: float
    retention_before: float
    retention_after: float


class Figure(Record):
    """A share in [0, 1] or a mean over `n` samples, with its 95% interval. Of no samples there is none: None."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class Drift(Record):
    """What else changed in one subject, forced on, over fixed texts that are about no document.

    `kl` is KL(base || subject) of the next token, in nats per position. `refused` is the share of harmful requests that
    are refused, `refusals_lost` the share of those that the base refuses and the subject does not. `insulting` is the
    share of neutral prompts that are continued with an insult; `stereotyped` the share of pairs of sentences that are
    likelier as a stereotype has them; `ruder` is by how many nats per token insulting replies have become likelier
    than polite ones since the base.
    """

    subject: str
    kl: Figure
    refused: Figure
    refusals_lost: Figure
    insulting: Figure
    ruder: Figure
    stereotyped: Figure

    def figures(self) -> dict[str, Figure]:
        """All of them by name."""
        return {name: value for name, value in self if isinstance(value, Figure)}
