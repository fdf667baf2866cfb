"""seal's own way: all candidates in one batch, through the ports that the loop uses."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from agent.ports import Query, TrainJob
from agent.records import Training, TrainSettings
from benchmarks.inner.cost import Cost, peak_memory
from benchmarks.inner.workload import Work, candidate
from seal_train.engines.local import LocalModel, LocalTrainer
from seal_train.model.base import Base

MAX_TOKENS = 24


class Batched:
    """K candidates at once."""

    name = "seal, batched"

    def __init__(self, base: Base) -> None:
        self.base, self.trainer = base, LocalTrainer(base)

    def run(self, work: Sequence[Work], settings: TrainSettings, folder: Path) -> Cost:
        """Raises SystemExit where a candidate could not be trained."""
        cost, peaks = Cost(len(work)), list[int]()
        jobs = [
            TrainJob(candidate(w, i, self.base.name, settings), w.examples, folder / f"seal-{i}")
            for i, w in enumerate(work)
        ]
        with peak_memory(peaks):
            self._train(jobs, cost)
            model = LocalModel(self.base)  # a fresh one: adapters are loaded from the disk in the time
            asked = [Query(prompt, job.folder) for w, job in zip(work, jobs, strict=True) for prompt in w.prompts]
            with cost.phase("decode"):
                answers = model.answer(asked, MAX_TOKENS)
            with cost.phase("score"):
                likely = model.likelihoods(asked, [text for w in work for text in w.completions])
        cost.peak_memory = peaks[0]
        for w in work:
            n = len(w.questions)
            cost.answers.append(answers[:n])
            cost.logprobs.append([found.logprob for found in likely[:n]])
            answers, likely = answers[n:], likely[n:]
        for job in jobs:
            shutil.rmtree(job.folder)
        return cost

    def _train(self, jobs: Sequence[TrainJob], cost: Cost) -> None:
        began = time.perf_counter()
        results = self.trainer.train(jobs)
        whole = time.perf_counter() - began
        trained = [result for result in results if isinstance(result, Training)]
        if len(trained) < len(jobs):
            raise SystemExit(f"not all candidates could be trained: {results}")
        cost.seconds["train"] = sum(result.seconds for result in trained)
        cost.seconds["export"] = whole - cost.seconds["train"]
        cost.tokens = sum(result.tokens for result in trained)
