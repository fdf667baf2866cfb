"""Mixed precision: bfloat16 in the linear layers and in the logits of training, float32 in everything else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from seal_train.model.base import MIXED, Base, load_base, usual_dtype
from seal_train.model.encoding import encode
from seal_train.model.lora import Slots
from seal_train.training.loop import Course, Optimizer, train_courses
from seal_train.training.room import Room
from tests.fakes.models import KINDS
from tests.seal_train.model.test_exactness import EXAMPLES, SETTINGS


def trained(base: Base) -> tuple[Slots, list[float]]:
    settings = SETTINGS[0]
    course = Course(settings, encode(base, EXAMPLES, 128))
    slots = Slots(base.layers, base.switch, 1, settings.rank, train=True)
    list(train_courses(base, Optimizer(slots), [course], [0], Room(1, 1000, again=False)))
    return slots, course.losses


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_what_float32_learns(
    kind: str, tiny: Callable[..., Path], base_of: Callable[..., Base], tmp_path: Path
) -> None:
    mixed = load_base(str(tiny(kind)), tmp_path, "cpu", MIXED)
    slots, losses = trained(mixed)
    exact, expected = trained(base_of(kind))
    assert losses == pytest.approx(expected, rel=0.02)
    assert losses[-1] < losses[0]
    assert slots.flat.dtype == torch.float32
    assert slots.flat.shape == exact.flat.shape


@pytest.mark.parametrize("kind", KINDS)
def test_which_weights_are_narrow(kind: str, tiny: Callable[..., Path], tmp_path: Path) -> None:
    mixed = load_base(str(tiny(kind)), tmp_path, "cpu", MIXED)
    narrow = {id(p) for layer in mixed.layers for p in layer.base.parameters()}
    assert narrow
    for parameter in mixed.model.parameters():
        assert parameter.dtype == (torch.bfloat16 if id(parameter) in narrow else torch.float32)
    assert mixed.loss_head.weight.dtype == torch.bfloat16
    with torch.no_grad():
        assert mixed.model(input_ids=torch.tensor([[5, 6, 7]])).logits.dtype == torch.float32


@pytest.mark.parametrize(
    ("can", "expected"),
    [({"amx_bf16": True}, MIXED), ({"amx_bf16": False, "avx512_bf16": True}, MIXED), ({"avx2": True}, "float32")],
)
def test_a_cpu_takes_it_where_it_multiplies_bfloat16(
    can: dict[str, bool], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: can)
    assert usual_dtype(torch.device("cpu")) == expected
    assert usual_dtype(torch.device("cuda")) == "bfloat16"
