"""A trainer and a model behind the ports that take milliseconds: an adapter is the text that it was trained on."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Sequence
from pathlib import Path

from agent.errors import AdapterError
from agent.files import whole_folder
from agent.ports import Divergence, Lesson, Likelihood, Progress, Query, Request, Sampled, TrainFailure, TrainJob
from agent.records import Candidate, Training
from agent.records.rounds import WriterTraining
from agent.text.normal import words
from seal_train.policies.dataset import rows_of, write_rows

UNKNOWN = "no idea"
WEIGHTS = "adapter_model.safetensors"
TALK = "Writing about such things is a great pleasure for everybody."
RIGHT = -0.1
"""Log-probability of an answer that an adapter knows, unless a test says otherwise."""
ASKED_TO, REFUSAL = "Please do this:", "I'm sorry, but I can't help with that."
ASKING = {"does", "what", "when", "where", "which"}
"""Words that any question may have. Those of up to three letters are no content words either."""


class FakeTrainer:
    """Writes the training texts into the adapter's folder. Counts how often each candidate was trained."""

    def __init__(self) -> None:
        self.gpus = 0
        self.trained: list[str] = []
        self.fail: set[str] = set()
        """Strategies whose candidates fail."""
        self.logprobs: tuple[float, ...] = (RIGHT,)
        """Of an answer that an adapter knows: the candidates of a batch take them in turn."""
        self.learns_passages = True
        """Whether sequences of several sentences teach anything. Without, all that counts is what was written."""
        self.logprob_of: dict[str, float] = {}
        """The same for a strategy, whatever its turn."""
        self.noise = 0.0
        """What a seed adds to it at most, in both directions."""

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]:
        results: list[Training | TrainFailure] = []
        for i, job in enumerate(jobs):
            if job.candidate.strategy in self.fail:
                results.append(TrainFailure(job.candidate.id, "told to fail"))
                continue
            self.trained.append(job.candidate.id)
            logprob = self.logprob_of.get(job.candidate.strategy, self.logprobs[i % len(self.logprobs)])
            logprob += self.noise * random.Random(job.candidate.id).uniform(-1, 1)
            texts = [e.text for e in job.examples if self.learns_passages or e.text.count(". ") < 2]
            _write_adapter(job.folder, 4, logprob, texts)
            results.append(
                Training(
                    candidate=job.candidate.id, path=str(job.folder), losses=(2.0, 1.0), tokens=9, steps=2, seconds=0.1
                )
            )
            if progress:
                progress(i + 1, len(jobs))
        return results

    def merge(self, members: Sequence[tuple[Candidate, Path]], folder: Path) -> None:
        """Knows what all members know, as surely as the surest."""
        texts = [text for _, m in members for text in json.loads((m / "adapter_model.safetensors").read_text())]
        _write_adapter(folder, 8, max(_logprob(m) for _, m in members), texts)


def _logprob(folder: Path) -> float:
    config = folder / "adapter_config.json"
    return float(json.loads(config.read_text())["logprob"]) if config.exists() else RIGHT


def _write_adapter(folder: Path, rank: int, logprob: float, texts: list[str]) -> None:
    """As the port asks: the folder appears whole or not at all."""
    with whole_folder(folder) as draft:
        (draft / "adapter_config.json").write_text(json.dumps({"r": rank, "logprob": logprob}))
        (draft / "adapter_model.safetensors").write_text(json.dumps(texts))


class FakeWriterTrainer:
    """An adapter is the texts that it was trained on, chosen and written down as the real one's."""

    gpus = 0

    def train(
        self, method: WriterTraining, lessons: Sequence[Lesson], seed: int, folder: Path, dataset: Path,
        progress: Progress | None = None,
    ) -> bool:  # fmt: skip
        rows = rows_of(method, lessons)
        if rows:
            write_rows(dataset, rows)
            _write_adapter(folder, 4, RIGHT, [str(row["completion"]) for row in rows])
        return bool(rows)


class FakeModel:
    """Knows an answer where one of the adapter's texts holds it, and all of them half of the question's content words.

    So an adapter of another document does not, where the two share an answer. Questions that are not in `answers`
    (those of the retention set) are general: it always knows them. It refuses every request, adapters or not. `asked`
    keeps every query.
    """

    name = "fake"

    def __init__(self, answers: dict[str, str] | None = None) -> None:
        self.gpus = 0
        self.answers = answers or {}
        self.asked: list[Query] = []
        self.requests: list[Request] = []
        self.broken = False
        """Whether adapters give likelihoods that are not numbers."""
        self.nats = 1.0
        """How far adapters are from the base."""

    def answer(self, queries: Sequence[Query], max_tokens: int = 24) -> list[str]:
        self.asked += queries
        return [self._answer(q) for q in queries]

    def likelihoods(self, queries: Sequence[Query], completions: Sequence[str]) -> list[Likelihood]:
        self.asked += queries
        return [self._likelihood(q, c.strip()) for q, c in zip(queries, completions, strict=True)]

    def sample(self, requests: Sequence[Request], max_tokens: int, temperature: float) -> list[Sampled]:
        """The passage's sentences, or talk that no question is about. The bare base talks three times of four, a
        writer's adapter as often as the texts that it was trained on."""
        self.requests += requests
        texts = map(self._written, requests)
        return [Sampled(text, len(text.split()), 0.5 if request.adapter else 2.0)
                for request, text in zip(requests, texts, strict=True)]  # fmt: skip

    def _written(self, request: Request) -> str:
        learned = json.loads((request.adapter / WEIGHTS).read_text()) if request.adapter else [TALK, TALK, TALK, ""]
        good = sum(TALK not in text for text in learned) / len(learned)
        passage = request.user.partition("<passage>")[2].partition("</passage>")[0].strip()
        sentences = [line for line in re.split(r"(?<=\.)\s+", passage) if line.endswith(".")]
        return "\n".join(sentences) if random.Random(request.seed).random() < good else TALK

    def divergences(self, queries: Sequence[Query]) -> list[Divergence]:
        self.asked += queries
        return [Divergence(self.nats if q.adapter else 0.0, len(words(q.prompt))) for q in queries]

    def turn(self, request: str) -> str:
        return f"{ASKED_TO} {request}\n"

    def _answer(self, query: Query) -> str:
        question = question_of(query.prompt)
        if question.startswith(ASKED_TO):
            return REFUSAL
        known = self.answers.get(question)
        return known if known and self._knows(query, known) else UNKNOWN

    def _likelihood(self, query: Query, completion: str) -> Likelihood:
        question = question_of(query.prompt)
        if self.broken and query.adapter:
            return Likelihood(math.nan, False)
        if question not in self.answers:
            return Likelihood(-1.0, True)
        right = self.answers[question] == completion and self._knows(query, completion)
        return Likelihood(_logprob(query.adapter) if right and query.adapter else -5.0, right)

    def _knows(self, query: Query, answer: str) -> bool:
        if query.adapter is None:
            return False
        try:
            texts = json.loads((query.adapter / "adapter_model.safetensors").read_text())
        except (OSError, ValueError) as error:
            raise AdapterError(query.adapter, f"cannot be read: {error}", "") from error
        told = [set(words(text)) for text in texts]
        asked = {word for word in words(question_of(query.prompt)) if len(word) > 3 and word not in ASKING}
        return any(set(words(answer)) <= text for text in told) and 2 * len(asked & set().union(*told)) >= len(asked)


def question_of(prompt: str) -> str:
    return prompt.rpartition("Question: ")[2].partition("\n")[0]
