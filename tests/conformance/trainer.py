"""What every Trainer must do. Subclass, and give an implementation with jobs that it can and cannot train."""

from __future__ import annotations

from pathlib import Path

from agent.ports import Trainer, TrainFailure, TrainJob
from agent.records import Training

FILES = {"adapter_config.json", "adapter_model.safetensors"}


def content(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in sorted(FILES)}


class TrainerConformance:
    """Give three fixtures: `trainer`; `jobs`, two whose folders are to lie in one that is not there yet; and
    `failing`, a job for the same place whose candidate cannot be trained."""

    def test_results_stand_in_the_order_of_the_jobs(self, trainer: Trainer, jobs: list[TrainJob]) -> None:
        results = trainer.train(jobs)
        assert [r.candidate for r in results] == [job.candidate.id for job in jobs]
        for result, job in zip(results, jobs, strict=True):
            assert isinstance(result, Training)
            assert Path(result.path) == job.folder
            assert result.losses[-1] < result.losses[0]
            assert result.steps > 0

    def test_folders_appear_whole_and_nothing_else(self, trainer: Trainer, jobs: list[TrainJob]) -> None:
        trainer.train(jobs)
        assert set(jobs[0].folder.parent.iterdir()) == {job.folder for job in jobs}
        for job in jobs:
            assert {path.name for path in job.folder.iterdir()} >= FILES

    def test_training_again_gives_the_same(self, trainer: Trainer, jobs: list[TrainJob]) -> None:
        trainer.train(jobs)
        before = [content(job.folder) for job in jobs]
        trainer.train(jobs)
        assert [content(job.folder) for job in jobs] == before
        assert before[0] != before[1]

    def test_progress_is_told_to_the_end(self, trainer: Trainer, jobs: list[TrainJob]) -> None:
        told: list[tuple[int, int]] = []
        trainer.train(jobs, lambda done, total: told.append((done, total)))
        assert told == sorted(set(told))
        assert told[-1][0] == told[-1][1] > 0

    def test_a_candidate_that_fails_fails_alone(
        self, trainer: Trainer, jobs: list[TrainJob], failing: TrainJob
    ) -> None:
        first, lost, last = trainer.train([jobs[0], failing, jobs[1]])
        assert isinstance(first, Training)
        assert isinstance(last, Training)
        assert isinstance(lost, TrainFailure)
        assert lost.candidate == failing.candidate.id
        assert lost.reason
        assert not failing.folder.exists()

    def test_a_mean_is_an_adapter_of_its_own(self, trainer: Trainer, jobs: list[TrainJob]) -> None:
        trainer.train(jobs)
        members = [job.folder for job in jobs]
        before = [content(folder) for folder in members]
        mean = members[0].parent / "mean"
        trainer.merge([(job.candidate, job.folder) for job in jobs], mean)
        assert content(mean) not in before
        assert [content(folder) for folder in members] == before
        assert set(mean.parent.iterdir()) == {*members, mean}
