"""KL(base || adapter) against plain torch, and an adapter that does nothing is no distance away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from agent.ports import Query
from seal_train.adapters.folders import WEIGHTS
from seal_train.engines.local import LocalModel, LocalTrainer
from seal_train.model.base import Base
from seal_train.model.loss import POSITIONS_A_CHUNK
from tests.fakes.models import KINDS_AND_WINDOW
from tests.seal_train.inference.test_answering import PROMPTS, job


@pytest.fixture
def trained(base_of: Callable[..., Base], tmp_path: Path) -> Callable[[str], tuple[Base, list[Path]]]:
    def get(kind: str) -> tuple[Base, list[Path]]:
        base = base_of(kind)
        jobs = [job(tmp_path / "a", "Anna Moss", 1), job(tmp_path / "b", "62 people", 2, rank=2)]
        LocalTrainer(base).train(jobs)
        return base, [j.folder for j in jobs]

    return get


@pytest.mark.parametrize("kind", KINDS_AND_WINDOW)
def test_it_equals_plain_torch(
    kind: str, trained: Callable[[str], tuple[Base, list[Path]]], tiny: Callable[..., Path]
) -> None:
    base, folders = trained(kind)
    queries = [Query(text, folder) for folder in folders for text in PROMPTS]
    found = LocalModel(base).divergences(queries)
    assert sum(one.positions for one in found) > POSITIONS_A_CHUNK, "of several chunks"
    for query, ours in zip(queries, found, strict=True):
        plain = AutoModelForCausalLM.from_pretrained(tiny(kind), dtype=torch.float32)
        ids = base.tokenizer(query.prompt, add_special_tokens=False, return_tensors="pt").input_ids
        with torch.no_grad():
            before = plain(ids).logits[0].log_softmax(-1)
            after = PeftModel.from_pretrained(plain, str(query.adapter))(ids).logits[0].log_softmax(-1)
        expected = (before.exp() * (before - after)).sum(-1).mean()
        assert ours.positions == ids.shape[1]
        assert ours.nats == pytest.approx(float(expected), rel=1e-3, abs=1e-5)
        assert ours.nats > 1e-3, "the adapter changed something, or this test shows nothing"


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_an_adapter_that_adds_nothing_is_no_distance_away(
    kind: str, trained: Callable[[str], tuple[Base, list[Path]]]
) -> None:
    """Exactly: adapter off is the base, bit for bit."""
    base, (folder, _) = trained(kind)
    state = load_file(folder / WEIGHTS)
    save_file({k: v * 0 if "lora_B" in k else v for k, v in state.items()}, folder / WEIGHTS, metadata={"format": "pt"})
    assert [d.nats for d in LocalModel(base).divergences([Query(p, folder) for p in PROMPTS])] == [0.0] * len(PROMPTS)


@pytest.mark.parametrize("at_once", [1, 16])
def test_it_does_not_depend_on_company(at_once: int, trained: Callable[[str], tuple[Base, list[Path]]]) -> None:
    base, (one, two) = trained("llama")
    model = LocalModel(base, at_once)
    queries = [Query(PROMPTS[0], two), Query(PROMPTS[1]), Query(PROMPTS[2], one), Query(PROMPTS[1], two)]
    together = [d.nats for d in model.divergences(queries)]
    assert together == pytest.approx([model.divergences([q])[0].nats for q in queries], rel=1e-4, abs=1e-6)
    assert together[1] == 0.0


def test_a_request_is_put_in_the_chat_form_where_there_is_one(base_of: Callable[..., Base]) -> None:
    base = base_of("llama")
    model = LocalModel(base)
    assert model.turn("Close the door.") == "user: Close the door.<eos>assistant: "
    base.tokenizer.chat_template = None
    assert model.turn("Close the door.") == "Close the door.\n"
