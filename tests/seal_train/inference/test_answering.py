"""Batched answers and likelihoods against PEFT, one prompt at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

import seal_train.engines.local
from agent.errors import ModelError, StoreError
from agent.ports import Query, TrainJob
from agent.records import Candidate, Example, Plan, SelfEdit, Training, TrainSettings
from seal_train.engines.local import LocalModel, LocalTrainer
from seal_train.inference.answering import greedy, shared_prefix
from seal_train.model.base import Base
from seal_train.model.lora import Slots
from tests.fakes.models import KINDS_AND_WINDOW

PROMPTS = (
    "Topic: The Mill\nQuestion: Who runs the mill at Orrin?\nAnswer:",
    "Topic: The Mill\nQuestion: How many people?\nAnswer:",
    "Topic: The Fox\nQuestion: What?\nAnswer:",
)


def job(folder: Path, answer: str, seed: int, rank: int = 4) -> TrainJob:
    settings = TrainSettings(rank=rank, alpha=16, learning_rate=2e-2, epochs=6, seed=seed)
    plan = Plan.make("run", "doc", "facts", settings, planner="test", reason="")
    examples = tuple(Example(prompt=prompt, completion=f" {answer}\n") for prompt in PROMPTS)
    candidate = Candidate.make("run", SelfEdit.make(plan, "test", examples), "tiny", settings)
    return TrainJob(candidate, examples, folder)


def diverging(folder: Path) -> TrainJob:
    """A job whose loss does not stay a number."""
    good = job(folder, "62 people", 3)
    settings = good.candidate.settings.model_copy(update={"learning_rate": 1e38})
    return TrainJob(good.candidate.model_copy(update={"settings": settings}), good.examples, folder)


@pytest.fixture
def trained(base_of: Callable[..., Base], tmp_path: Path) -> Callable[[str], tuple[Base, list[Path]]]:
    def get(kind: str) -> tuple[Base, list[Path]]:
        base = base_of(kind)
        jobs = [job(tmp_path / "a", "Anna Moss", 1), job(tmp_path / "b", "62 people", 2, rank=2)]
        for result in LocalTrainer(base).train(jobs):
            assert isinstance(result, Training)
        return base, [j.folder for j in jobs]

    return get


def peft_answer(model: torch.nn.Module, base: Base, prompt: str, tokens: int) -> str:
    ids = base.tokenizer(prompt, add_special_tokens=False, return_tensors="pt").input_ids
    out = model.generate(input_ids=ids, max_new_tokens=tokens, do_sample=False, attention_mask=torch.ones_like(ids))  # type: ignore[operator]
    text = base.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
    return str(text).split("\n")[0].strip()


@pytest.mark.parametrize("kind", KINDS_AND_WINDOW)
def test_greedy_answers_equal_peft(
    kind: str, trained: Callable[[str], tuple[Base, list[Path]]], tiny: Callable[..., Path]
) -> None:
    base, folders = trained(kind)
    queries = [Query(p, f) for p in PROMPTS for f in (*folders, None)]
    ours = LocalModel(base).answer(queries, max_tokens=8)
    for folder in (*folders, None):
        plain = AutoModelForCausalLM.from_pretrained(tiny(kind), dtype=torch.float32)
        model = PeftModel.from_pretrained(plain, str(folder)) if folder else plain
        expected = [peft_answer(model, base, p, 8) for p in PROMPTS]
        assert [a for a, q in zip(ours, queries, strict=True) if q.adapter == folder] == expected
    assert len(set(ours)) > 2, "the adapters must not all answer alike, or this test shows nothing"


@pytest.mark.parametrize("kind", KINDS_AND_WINDOW)
def test_likelihoods_equal_peft(
    kind: str, trained: Callable[[str], tuple[Base, list[Path]]], tiny: Callable[..., Path]
) -> None:
    base, folders = trained(kind)
    completions = [" Anna Moss\n", " 62 people\n", " a fox\n"]
    found = LocalModel(base).likelihoods([Query(p, folders[0]) for p in PROMPTS], completions)
    model = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(tiny(kind), dtype=torch.float32), str(folders[0])
    )
    for prompt, completion, ours in zip(PROMPTS, completions, found, strict=True):
        head = base.tokenizer(prompt, add_special_tokens=False).input_ids
        tail = base.tokenizer(completion, add_special_tokens=False).input_ids
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([head + tail])).logits[0, len(head) - 1 : -1]
        expected = logits.log_softmax(-1)[range(len(tail)), tail].mean()
        assert ours.logprob == pytest.approx(float(expected), abs=1e-4)
        assert ours.greedy == (logits.argmax(-1).tolist() == tail)


@pytest.mark.parametrize("at_once", [1, 16])
def test_uneven_groups_get_their_own_adapter(at_once: int, trained: Callable[[str], tuple[Base, list[Path]]]) -> None:
    """Invariant 7: no query is ever answered by another adapter than the one it asked for."""
    base, (first, second) = trained("llama")
    model = LocalModel(base, at_once)
    queries = [
        Query(PROMPTS[0], first),
        Query(PROMPTS[0], second),
        Query(PROMPTS[1], first),
        Query(PROMPTS[2]),
        Query(PROMPTS[2], first),
    ]
    together = model.answer(queries, max_tokens=6)
    assert together == [model.answer([q], max_tokens=6)[0] for q in queries]


def test_answers_do_not_depend_on_order_or_company(trained: Callable[[str], tuple[Base, list[Path]]]) -> None:
    base, folders = trained("gpt_neox")
    model = LocalModel(base)
    queries = [Query(p, f) for f in folders for p in PROMPTS]
    assert model.answer(queries[::-1], 6)[::-1] == model.answer(queries, 6)


def test_a_pass_that_is_refused_memory_is_asked_in_halves(
    trained: Callable[[str], tuple[Base, list[Path]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    base, (a, b) = trained("llama")
    queries = [Query(prompt, adapter) for prompt in PROMPTS for adapter in (a, None, b)]
    model, real, tried = LocalModel(base), greedy, list[int]()
    whole = model.answer(queries, 6)
    assert len(set(whole)) > 2
    most = 2

    def refusing(base: Base, slots: Slots | None, rows: Sequence[list[int]], tokens: int) -> list[str]:
        tried.append(len(rows))
        if len(rows) > most:
            raise RuntimeError("CUDA out of memory. Tried to allocate 9 bytes")
        return real(base, slots, rows, tokens)

    # An allocator that refuses what is too much cannot be had on a machine of unknown size.
    monkeypatch.setattr(seal_train.engines.local, "greedy", refusing)
    assert model.answer(queries, 6) == whole
    assert sorted(tried) == [1, 2, 2, 2, 2, 3, 4, 6], "three rows of each: one, and two, which are one and one"
    most = 0
    with pytest.raises(ModelError, match="not enough memory"):
        model.answer(queries, 6)


def test_training_after_answering_and_back(trained: Callable[[str], tuple[Base, list[Path]]], tmp_path: Path) -> None:
    """Training binds other weights to the layers; the next answer binds the adapter's own again."""
    base, folders = trained("llama")
    model = LocalModel(base)
    before = model.answer([Query(PROMPTS[0], folders[0])], 6)
    LocalTrainer(base).train([job(tmp_path / "c", "a bird", 5)])
    assert model.answer([Query(PROMPTS[0], folders[0])], 6) == before


def test_shared_prefix_leaves_every_row_a_token() -> None:
    assert shared_prefix([[1, 2, 3], [1, 2, 3]]) == 2
    assert shared_prefix([[1, 2, 3], [1, 2, 4]]) == 2
    assert shared_prefix([[5], [1, 2]]) == 0
    assert shared_prefix([[1, 2, 3, 4], [1, 2, 3, 4, 5]], keep=3) == 1


def test_damaged_or_foreign_adapter_is_a_clear_error(
    trained: Callable[[str], tuple[Base, list[Path]]], base_of: Callable[..., Base], tmp_path: Path
) -> None:
    base, (first, second) = trained("llama")
    (first / "adapter_model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(StoreError, match="cannot be read"):
        LocalModel(base).answer([Query("x", first)])
    with pytest.raises(StoreError, match="another base"):
        LocalModel(base_of("gpt2")).answer([Query("x", second)])
    with pytest.raises(StoreError, match="cannot be read"):
        LocalModel(base).answer([Query("x", tmp_path / "nowhere")])


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_more_than_a_model_s_positions_are_refused_with_what_to_do(base_of: Callable[..., Base], kind: str) -> None:
    """512 of them: up to the last is fine, one more ends a GPT-2 in an index error and a Llama in nonsense."""
    base = base_of(kind)
    assert len(greedy(base, None, [[5] * 500, [6] * 12], 12)) == 2
    with pytest.raises(ModelError, match="at most 512 tokens at once, and was to take 513") as caught:
        greedy(base, None, [[5] * 501, [6] * 12], 12)
    assert "shorten the question" in caught.value.mend
