"""Writer policies: each method moves the model from the worse rewarded text to the better rewarded one."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import get_args

import pytest

from agent.ports import Lesson, Request
from agent.records.rounds import WriterTraining
from seal_train.adapters.folders import load, rank_of
from seal_train.engines.local import LocalModel
from seal_train.inference.answering import likelihoods
from seal_train.inference.sampling import chat_ids
from seal_train.model.base import Base, load_plain
from seal_train.model.lora import Slots
from seal_train.policies.dataset import rows_of, shuffled
from seal_train.policies.writer import TRLTrainer

GOOD, BAD = "The mill employs 62 people.", "jumps over the lazy dog"
SYSTEM = "You write."
ASKED = ("Mill at Orrin", "Anna Moss runs it", "opened on 4 March")
LESSONS = [Lesson(SYSTEM, user, text, reward) for user in ASKED for text, reward in ((BAD, 0.0), (GOOD, 0.8))]


@pytest.fixture
def trainer_of(tiny: Callable[..., Path], base_of: Callable[..., Base], tmp_path: Path) -> Callable[..., TRLTrainer]:
    def get(kind: str = "llama") -> TRLTrainer:
        fresh = partial(load_plain, str(tiny(kind)), tmp_path, "cpu", "float32")
        return TRLTrainer(base_of(kind), fresh, rank=4, alpha=8, learning_rate=1e-2, epochs=3)

    return get


def preference(base: Base, slots: Slots | None) -> float:
    """By how much the good text is likelier than the bad one, in nats per token, over the requests."""
    prompts = [chat_ids(base, SYSTEM, user) for user in ASKED for _ in (GOOD, BAD)]
    texts = [base.tokenizer(text, add_special_tokens=False).input_ids for _ in ASKED for text in (GOOD, BAD)]
    found = [logprob for logprob, _ in likelihoods(base, slots, prompts, texts)]
    return sum(found[0::2]) - sum(found[1::2])


@pytest.mark.parametrize("method", get_args(WriterTraining))
def test_every_method_learns_what_was_rewarded(
    trainer_of: Callable[..., TRLTrainer], tmp_path: Path, capsys: pytest.CaptureFixture[str], method: WriterTraining
) -> None:
    trainer, steps = trainer_of(), list[tuple[int, int]]()
    folder, dataset = tmp_path / "writer", tmp_path / "datasets" / "one.jsonl"
    assert trainer.train(method, LESSONS, 0, folder, dataset, lambda done, total: steps.append((done, total)))
    assert capsys.readouterr().out == ""
    base = trainer.base
    slots = Slots(base.layers, base.switch, 1, rank_of(folder), train=False)
    load(slots, 0, folder)
    assert preference(base, slots) > preference(base, None) + 0.05
    assert len(dataset.read_text().splitlines()) == (6 if method == "grpo" else 3)
    assert steps[-1][0] == steps[-1][1] > 0
    assert json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"] == base.name


@pytest.mark.parametrize("kind", ["gpt2", "gpt_neox"])
def test_the_adapter_fits_the_loop_s_own_model(
    trainer_of: Callable[..., TRLTrainer], tmp_path: Path, kind: str
) -> None:
    trainer = trainer_of(kind)
    assert trainer.train("sft", LESSONS, 0, tmp_path / "writer", tmp_path / "rows.jsonl")
    model, request = LocalModel(trainer.base), Request(SYSTEM, ASKED[0], tmp_path / "writer")
    bare = Request(SYSTEM, ASKED[0])
    assert model.sample([request, bare], 12, 0.5)[0] != model.sample([bare], 12, 0.5)[0]


def test_training_is_the_same_again(trainer_of: Callable[..., TRLTrainer], tmp_path: Path) -> None:
    for name in ("a", "b"):
        trainer_of().train("sft", LESSONS, 3, tmp_path / name, tmp_path / f"{name}.jsonl")
    first, second = ((tmp_path / name / "adapter_model.safetensors").read_bytes() for name in ("a", "b"))
    assert first == second


def test_nothing_is_written_where_nothing_is_to_be_learned(
    trainer_of: Callable[..., TRLTrainer], tmp_path: Path
) -> None:
    worthless = [Lesson(SYSTEM, user, BAD, 0.0) for user in ASKED]
    for method in get_args(WriterTraining):
        assert not trainer_of().train(method, worthless, 0, tmp_path / "writer", tmp_path / "rows.jsonl")
    assert not (tmp_path / "writer").exists()
    assert not (tmp_path / "rows.jsonl").exists()


def test_the_datasets() -> None:
    lessons = [*LESSONS, Lesson(SYSTEM, "never worth anything", BAD, -0.1), Lesson(SYSTEM, "close", GOOD, 0.50),
               Lesson(SYSTEM, "close", BAD, 0.48)]  # fmt: skip
    sft, dpo, grpo = (rows_of(method, lessons) for method in ("sft", "dpo", "grpo"))
    assert [row["completion"] for row in sft] == [[{"role": "assistant", "content": GOOD}]] * 4
    assert [row["rejected"] for row in dpo] == [[{"role": "assistant", "content": BAD}]] * 3
    assert [row["reward"] for row in grpo] == [0.8, 0.0] * 3


def test_the_control_keeps_texts_and_deals_rewards_out() -> None:
    dealt = shuffled(LESSONS, 1)
    assert [it.text for it in dealt] == [it.text for it in LESSONS]
    assert sorted(it.reward for it in dealt) == sorted(it.reward for it in LESSONS)
    assert [it.reward for it in dealt] != [it.reward for it in LESSONS]
