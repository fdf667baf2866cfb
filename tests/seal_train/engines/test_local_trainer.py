"""The trainer at its edges: failures, full disk, refused memory, nothing left half done."""

from __future__ import annotations

import dataclasses
import gc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from agent.errors import AdapterError, ModelError, StoreError, TrainerError
from agent.ports import TrainFailure, TrainJob
from agent.records import Example, Training
from seal_train.adapters import folders
from seal_train.engines import local
from seal_train.engines.local import LocalTrainer
from seal_train.model.base import Base, load_base
from seal_train.model.encoding import MAX_SEQUENCE, encode
from seal_train.model.layout import Layout
from seal_train.model.lora import Slots
from seal_train.model.loss import Read, losses_of_rows
from seal_train.training import loop
from seal_train.training.room import Room, plan_room
from tests.fakes.full_disk import full_disk
from tests.fakes.models import KINDS_AND_WINDOW
from tests.seal_train.inference.test_answering import diverging, job


def test_losses_fall_and_progress_is_told(base_of: Callable[..., Base], tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    (result,) = LocalTrainer(base_of()).train([job(tmp_path / "a", "Anna Moss", 1)], lambda i, n: told.append((i, n)))
    assert isinstance(result, Training)
    assert result.losses[-1] < result.losses[0]
    assert told == [(i, 18) for i in range(1, 19)]
    assert {p.name for p in (tmp_path / "a").iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "README.md",
    }


def test_training_leaves_nothing_in_memory(base_of: Callable[..., Base], tmp_path: Path) -> None:
    """What is not counted by the collector is not freed by it: a leak of one pass a call fills a machine in a day."""
    base = base_of()

    def tensors() -> int:
        gc.collect()
        return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())

    counts = []
    for turn in range(3):
        LocalTrainer(base).train([job(tmp_path / str(turn), "Anna Moss", turn)])
        counts.append(tensors())
    assert counts[1] == counts[2], counts


def test_a_diverging_candidate_is_told_why(base_of: Callable[..., Base], tmp_path: Path) -> None:
    (result,) = LocalTrainer(base_of()).train([diverging(tmp_path / "a")])
    assert isinstance(result, TrainFailure)
    assert "not a finite number" in result.reason


def test_full_disk_leaves_nothing_behind(base_of: Callable[..., Base], tmp_path: Path) -> None:
    base = base_of()
    with full_disk(most=1000), pytest.raises(TrainerError, match="File too large") as caught:
        LocalTrainer(base).train([job(tmp_path / "work" / "a", "Anna Moss", 1)])
    assert "--resume" in caught.value.mend
    assert list((tmp_path / "work").iterdir()) == []


def test_a_mean_that_cannot_be_written_leaves_nothing_behind(base_of: Callable[..., Base], tmp_path: Path) -> None:
    trainer = LocalTrainer(base_of())
    jobs = [job(tmp_path / "work" / name, "Anna Moss", seed) for seed, name in enumerate("ab")]
    trainer.train(jobs)
    members = [(j.candidate, j.folder) for j in jobs]
    with pytest.raises(AdapterError, match="missing") as caught:
        trainer.merge([*members, (jobs[0].candidate, tmp_path / "missing")], tmp_path / "work" / "mean")
    assert "disk space" not in caught.value.mend, "a damaged member is no full disk"
    with full_disk(most=1000), pytest.raises(StoreError, match="File too large") as refused:
        trainer.merge(members, tmp_path / "work" / "mean")
    assert "disk space" in refused.value.mend
    assert sorted((tmp_path / "work").iterdir()) == [folder for _, folder in members]


def test_the_card_of_a_mean_says_what_it_was_made_of(base_of: Callable[..., Base], tmp_path: Path) -> None:
    trainer = LocalTrainer(base_of())
    jobs = [job(tmp_path / name, "Anna Moss", seed) for seed, name in enumerate("ab")]
    trainer.train(jobs)
    trainer.merge([(j.candidate, j.folder) for j in jobs], tmp_path / "mean")
    card = (tmp_path / "mean" / folders.CARD).read_text()
    for candidate in (j.candidate for j in jobs):
        for part in (candidate.id, candidate.document, candidate.strategy, candidate.settings.model_dump_json()):
            assert part in card
    assert jobs[0].candidate.base in card


def refusing(monkeypatch: pytest.MonkeyPatch, most: int) -> list[int]:
    """From now on memory is refused to passes of more than `most` tokens. Returns the tokens of all that are tried."""
    real, tried = losses_of_rows, list[int]()

    def loss(base: Base, read: Read, rows: Any, layout: Layout) -> Any:
        tried.append(sum(len(row.ids) for row in rows))
        if tried[-1] > most:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        return real(base, read, rows, layout)

    # An allocator that refuses what is too much cannot be had on a machine of unknown size.
    monkeypatch.setattr(loop, "losses_of_rows", loss)
    return tried


def test_a_pass_that_is_refused_memory_is_taken_again_with_half_its_tokens(
    base_of: Callable[..., Base], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, jobs = base_of(), [job(tmp_path / "whole" / str(i), "Anna Moss", i) for i in range(3)]
    whole = LocalTrainer(base).train(jobs)
    tried = refusing(monkeypatch, 40)
    halved = LocalTrainer(base).train([dataclasses.replace(j, folder=tmp_path / j.folder.name) for j in jobs])
    assert tried[0] > 40
    assert max(tried[1:]) <= tried[0] // 2
    for a, b in zip(whole, halved, strict=True):
        assert isinstance(a, Training)
        assert isinstance(b, Training)
        assert b.losses == pytest.approx(a.losses, rel=1e-4), "nothing was lost and nothing trained twice"


def test_fewer_slots_than_candidates_train_them_all(base_of: Callable[..., Base], tmp_path: Path) -> None:
    """Of different length and rank, two at a time: each as if it were alone."""

    def two(*_: object) -> Room:
        return Room(2, 50, again=False)

    jobs = [job(tmp_path / str(i), "Anna Moss", i, rank) for i, rank in enumerate((4, 2, 4, 2, 3))]
    jobs = [TrainJob(j.candidate, j.examples[: 1 + i % 3], j.folder) for i, j in enumerate(jobs)]
    results = LocalTrainer(base_of(), two).train(jobs)
    for j, result in zip(jobs, results, strict=True):
        (alone,) = LocalTrainer(base_of(), two).train(
            [dataclasses.replace(j, folder=tmp_path / "alone" / j.folder.name)]
        )
        assert isinstance(result, Training)
        assert isinstance(alone, Training)
        assert (result.candidate, result.steps, result.tokens) == (alone.candidate, alone.steps, alone.tokens)
        assert result.losses == pytest.approx(alone.losses, rel=1e-4)


@pytest.mark.parametrize("top_layers", [1.0, 0.5])
@pytest.mark.parametrize("kind", KINDS_AND_WINDOW)
def test_where_a_sequence_would_not_fit_layers_are_run_again(
    kind: str, top_layers: float, base_of: Callable[..., Base], tmp_path: Path
) -> None:
    base, run = base_of(kind), list[int]()
    jobs = [upper(job(tmp_path / "kept" / str(i), "Anna Moss", i), top_layers) for i in range(3)]
    hook = base.blocks[-1].register_forward_pre_hook(lambda _, given: run.append(given[0].shape[1]))
    try:
        kept, once = LocalTrainer(base).train(jobs), sum(run)
        run.clear()
        again = LocalTrainer(base, partial(plan_room, free=1)).train(
            [dataclasses.replace(j, folder=tmp_path / j.folder.name) for j in jobs]
        )
    finally:
        hook.remove()
    for j, a, b in zip(jobs, kept, again, strict=True):
        assert isinstance(a, Training)
        assert isinstance(b, Training)
        assert b.losses == pytest.approx(a.losses, rel=1e-4)
        before, after = (load_file(f / "adapter_model.safetensors") for f in (j.folder, tmp_path / j.folder.name))
        assert all((after[name] - before[name]).norm() <= 1e-3 * before[name].norm() for name in before)
    assert sum(run) > 1.9 * once


def test_a_single_sequence_that_is_refused_is_tried_with_layers_run_again(
    base_of: Callable[..., Base], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, real, refused = base_of(), losses_of_rows, list[str]()

    def loss(base: Base, *rest: Any) -> Any:
        if type(base.blocks[0]).__name__ != "_Again":
            refused.append("whole")
            raise RuntimeError("CUDA out of memory. Tried to allocate 20 GiB")
        return real(base, *rest)

    # An allocator that refuses what is too much cannot be had on a machine of unknown size.
    monkeypatch.setattr(loop, "losses_of_rows", loss)
    results = LocalTrainer(base).train([job(tmp_path / str(i), "Anna Moss", i) for i in range(2)])
    assert all(isinstance(result, Training) for result in results)
    assert refused == ["whole"] * 2, "two sequences, then one"


def upper(job: TrainJob, top_layers: float) -> TrainJob:
    settings = job.candidate.settings.model_copy(update={"top_layers": top_layers})
    return dataclasses.replace(job, candidate=job.candidate.model_copy(update={"settings": settings}))


def test_slots_that_are_refused_memory_are_halved(
    base_of: Callable[..., Base], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def small(layers: Any, switch: Any, count: int, *rest: Any, **named: Any) -> Slots:
        asked.append(count)
        if count > 1:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20 GiB")
        return Slots(layers, switch, count, *rest, **named)

    # An allocator that refuses what is too much cannot be had on a machine of unknown size.
    monkeypatch.setattr(local, "Slots", small)
    results = LocalTrainer(base_of()).train([job(tmp_path / str(i), "Anna Moss", i) for i in range(5)])
    assert asked == [1, 5, 2, 1], "one to measure by, then all, then half"
    assert all(isinstance(result, Training) for result in results)


def test_a_candidate_whose_sequence_does_not_fit_into_memory_fails_alone(
    base_of: Callable[..., Base], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [job(tmp_path / str(i), "Anna Moss", i) for i in range(3)]
    jobs[1] = TrainJob(jobs[1].candidate, (Example(completion="mill " * 100),), jobs[1].folder)
    refusing(monkeypatch, 60)
    results = LocalTrainer(base_of()).train(jobs)
    assert [r.candidate for r in results] == [j.candidate.id for j in jobs]
    assert [j.folder.exists() for j in jobs] == [True, False, True]
    failure = results[1]
    assert isinstance(failure, TrainFailure)
    assert "not enough memory" in failure.reason


@pytest.mark.parametrize("count", [1, 3])
def test_no_memory_for_any_candidate_is_a_clear_error(
    count: int, base_of: Callable[..., Base], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(monkeypatch, 1)
    with pytest.raises(TrainerError, match="not enough memory") as caught:
        LocalTrainer(base_of()).train([job(tmp_path / str(i), "Anna Moss", i) for i in range(count)])
    assert "train.rank" in caught.value.mend


def test_same_seed_trains_the_same_bytes(base_of: Callable[..., Base], tmp_path: Path) -> None:
    for name in "ab":
        LocalTrainer(base_of()).train([job(tmp_path / name, "Anna Moss", 1)])
    assert folders.weights_hash(tmp_path / "a") == folders.weights_hash(tmp_path / "b")


def test_adopt_names_by_content_and_is_idempotent(base_of: Callable[..., Base], tmp_path: Path) -> None:
    LocalTrainer(base_of()).train([job(tmp_path / "a", "Anna Moss", 1)])
    first = folders.adopt(tmp_path / "a", tmp_path / "library")
    assert folders.adopt(tmp_path / "a", tmp_path / "library") == first
    assert first.name == folders.weights_hash(first)
    assert len(list((tmp_path / "library").iterdir())) == 1
    with pytest.raises(StoreError, match="cannot publish"):
        folders.adopt(tmp_path / "missing", tmp_path / "library")


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_a_text_longer_than_the_limit_is_trained_to_its_end(
    kind: str, base_of: Callable[..., Base], tmp_path: Path
) -> None:
    base, long = base_of(kind), job(tmp_path / "a", "Anna Moss", 1)
    long = TrainJob(long.candidate, (Example(completion="mill " * 1500),), long.folder)
    tokens = len(base.tokenizer("mill " * 1500, add_special_tokens=False).input_ids)
    parts = -(-tokens // (min(MAX_SEQUENCE, base.positions) - 1))
    assert parts > 1
    (result,) = LocalTrainer(base).train([long])
    assert isinstance(result, Training)
    epochs = long.candidate.settings.epochs
    assert result.steps == epochs * parts
    assert result.tokens == epochs * (tokens + parts), "one id more for the end, one for each overlap"


@pytest.mark.parametrize("limit", [2, 3, 7, 16, 64])
def test_a_split_text_predicts_every_token_once_and_ends_once(limit: int, base_of: Callable[..., Base]) -> None:
    base, text = base_of(), "The mill at Orrin opened on 4 March. Anna Moss runs it.\n"
    whole = [*base.tokenizer(text, add_special_tokens=False).input_ids, base.eos]
    parts = encode(base, [Example(completion=text)], limit)
    assert all(2 <= len(part.ids) <= limit and part.start == 1 for part in parts)
    assert [*parts[0].ids[:1], *(token for part in parts for token in part.ids[1:])] == whole
    assert [part.ids.count(base.eos) for part in parts] == [0] * (len(parts) - 1) + [1]
    lengths = [len(part.ids) for part in parts]
    assert max(lengths) - min(lengths) <= 1, "a short rest would take a whole step of the optimizer"


def test_an_example_with_a_prompt_is_cut_at_the_limit_and_still_ends(base_of: Callable[..., Base]) -> None:
    base = base_of()
    asked = Example(prompt="Who runs the mill?", completion=" Anna Moss of Orrin\n", prompt_weight=0.5)
    (whole,) = encode(base, [asked], 1024)
    (cut,) = encode(base, [asked], len(whole.ids) - 2)
    assert cut.ids == (*whole.ids[:-3], base.eos)
    assert (cut.start, cut.prompt_weight) == (whole.start, 0.5)


def test_missing_model_folder_and_broken_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no config\.json"):
        load_base(str(tmp_path / "nowhere"), tmp_path)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="cannot load the model"):
        load_base(str(tmp_path / "broken"), tmp_path)


def test_a_model_whose_attention_cannot_be_replaced_is_refused(base_of: Callable[..., Base]) -> None:
    with pytest.raises(ModelError, match="attention cannot be replaced") as caught:
        base_of("mamba")
    assert "AttentionInterface" in caught.value.mend
