"""Batched LoRA against PEFT, the reference: same losses, same weights, same logits, and no leak between slots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from agent.config.sections import TrainConfig
from agent.records import Example, TrainSettings
from seal_train.adapters.folders import export, load
from seal_train.adapters.mean import RANKS, merge
from seal_train.model.base import Base
from seal_train.model.encoding import Sequence_, encode
from seal_train.model.layout import Layout
from seal_train.model.lora import Slots, attach, lowest_adapted
from seal_train.training.loop import BETAS, CLIP, EPS, Course, Optimizer, train_courses
from seal_train.training.room import Room
from tests.fakes.models import KINDS, KINDS_AND_WINDOW
from tests.seal_train.inference.test_answering import job

EXAMPLES = (
    Example(completion="The mill at Orrin opened on 4 March 2031.\n"),
    Example(prompt="Topic: The Mill\nQuestion: Who runs the mill?\nAnswer:", completion=" Anna Moss\n"),
    Example(completion="It employs 62 people and 3 dogs.\n"),
    Example(prompt="Question: What does it grind?\nAnswer:", completion=" barley\n", prompt_weight=0.3),
)
SETTINGS = (
    TrainSettings(rank=4, alpha=8, learning_rate=1e-2, epochs=3, seed=1),
    TrainSettings(rank=2, alpha=16, learning_rate=3e-3, epochs=2, seed=2),
    TrainSettings(rank=4, alpha=4, learning_rate=5e-3, epochs=1, seed=3, top_layers=0.5),
)
ALIKE = (
    *EXAMPLES,
    Example(prompt="Topic: The Mill\nQuestion: Who built it?\nAnswer:", completion=" two men\n", prompt_weight=0.3),
    Example(prompt="Topic: The Mill\nQuestion: Who built it?\nAnswer:", completion=" nobody knows\n"),
)
"""Of these three begin alike."""
BATCHES = (
    SETTINGS[0].model_copy(update={"batch_size": 2, "tail_average": 0.5}),
    SETTINGS[1].model_copy(update={"tail_average": 0.3}),
    SETTINGS[2].model_copy(update={"batch_size": 3, "epochs": 2}),
)


def train(
    base: Base, settings: Sequence[TrainSettings], examples: Sequence[Sequence[Example]]
) -> tuple[Slots, list[Course]]:
    courses = [Course(s, encode(base, data, 128)) for s, data in zip(settings, examples, strict=True)]
    lowest = [lowest_adapted(base.layers, s.top_layers) for s in settings]
    rank = max(s.rank for s in settings)
    slots = Slots(base.layers, base.switch, len(courses), rank, train=True, lowest=min(lowest))
    done = dict(train_courses(base, Optimizer(slots), courses, lowest, Room(len(courses), 10_000, again=False)))
    assert all(slot == i for i, slot in done.items()), "slots are given in order to courses that come longest first"
    return slots, courses


def peft_reference(
    base: Base, folder: Path, course: Course, first: Path, dtype: torch.dtype
) -> tuple[Any, list[float]]:
    """The same adapter trained alone by PEFT with torch's AdamW, from the same initial weights."""
    model = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(folder, dtype=dtype),
        str(first),
        is_trainable=True,
        autocast_adapter_dtype=False,
    )
    model.train()
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=1.0, betas=BETAS, eps=EPS, weight_decay=0.0)
    losses: list[float] = []
    last: list[list[torch.Tensor]] = []
    for step, row in enumerate(course.rows):
        loss = torch.stack([own_loss(model, sequence) for sequence in row.sequences]).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, CLIP)
        for group in optimizer.param_groups:
            group["lr"] = course.learning_rate(step)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
        if step >= course.steps - course.averaged:
            last.append([weight.detach().clone() for weight in weights])
    with torch.no_grad():
        for weight, *after in zip(weights, *last, strict=True):
            weight.copy_(torch.stack(after).mean(0) if after else weight)
    return model, losses


def own_loss(model: Any, sequence: Sequence_) -> torch.Tensor:
    ids = torch.tensor([sequence.ids])
    losses_T = torch.nn.functional.cross_entropy(model(input_ids=ids).logits[0, :-1], ids[0, 1:], reduction="none")
    weights_T = torch.ones_like(losses_T)
    weights_T[: sequence.start - 1] = sequence.prompt_weight
    return (losses_T * weights_T).sum() / weights_T.sum()


def initial(base: Base, s: TrainSettings, folder: Path) -> Path:
    slots = Slots(base.layers, base.switch, 1, s.rank, train=False)
    slots.init(0, s.rank, s.alpha, s.seed, lowest_adapted(base.layers, s.top_layers))
    export(slots, 0, s, base.name, "", folder)
    return folder


@pytest.mark.parametrize(("dtype", "loss_error", "weight_error"), [("float32", 1e-5, 1e-4), ("float64", 1e-10, 1e-8)])
@pytest.mark.parametrize("kind", KINDS)
def test_batched_training_equals_peft_alone(
    kind: str, dtype: str, loss_error: float, weight_error: float, base_of: Callable[..., Base],
    tiny: Callable[..., Path], tmp_path: Path,
) -> None:  # fmt: skip
    base = base_of(kind, dtype)
    assert_equals_peft(base, tiny(kind, dtype), SETTINGS, tmp_path, loss_error, weight_error)


# Llama's norms are in float32 whatever the model is in, and round the gradients of branches added up or each alone.
@pytest.mark.parametrize(
    ("kind", "dtype", "loss_error", "weight_error"),
    [*((kind, "float32", 1e-5, 1e-4) for kind in KINDS_AND_WINDOW),
     *((kind, "float64", 1e-10, 1e-8) for kind in ("gpt2", "gpt_neox"))],
)  # fmt: skip
@pytest.mark.parametrize("top_layers", [1.0, 0.5])
def test_what_sequences_share_is_computed_once_and_trains_as_it_does_alone(
    kind: str, top_layers: float, dtype: str, loss_error: float, weight_error: float, base_of: Callable[..., Base],
    tiny: Callable[..., Path], tmp_path: Path,
) -> None:  # fmt: skip
    settings = [s.model_copy(update={"top_layers": min(top_layers, s.top_layers)}) for s in BATCHES]
    assert_equals_peft(
        base_of(kind, dtype), tiny(kind, dtype), settings, tmp_path, loss_error, weight_error, [ALIKE] * 3
    )


@pytest.mark.parametrize(("dtype", "loss_error", "weight_error"), [("float32", 1e-5, 1e-4), ("float64", 1e-10, 1e-8)])
@pytest.mark.parametrize("kind", KINDS_AND_WINDOW)
def test_layers_below_the_adapters_are_run_once_a_sequence(
    kind: str, dtype: str, loss_error: float, weight_error: float, base_of: Callable[..., Base],
    tiny: Callable[..., Path], tmp_path: Path,
) -> None:  # fmt: skip
    base, run = base_of(kind, dtype), list[torch.Size]()
    blocks = list(base.blocks)
    hook = blocks[0].register_forward_pre_hook(lambda _, given: run.append(given[0].shape))
    try:
        assert_equals_peft(
            base, tiny(kind, dtype), [s.model_copy(update={"top_layers": 0.5}) for s in SETTINGS], tmp_path,
            loss_error, weight_error,
        )  # fmt: skip
    finally:
        hook.remove()
    tokens = sum(len(sequence.ids) for sequence in encode(base, EXAMPLES, 128))
    assert tokens <= sum(shape[1] for shape in run) <= 2 * tokens, "fillers and pads aside, each position once"
    assert list(base.blocks) == blocks, "the model is whole again"


def assert_equals_peft(
    base: Base, model: Path, settings: Sequence[TrainSettings], tmp_path: Path, loss_error: float, weight_error: float,
    examples: Sequence[Sequence[Example]] = (EXAMPLES, EXAMPLES, EXAMPLES[:2]),
) -> None:  # fmt: skip
    firsts = [initial(base, s, tmp_path / f"first-{i}") for i, s in enumerate(settings)]
    slots, courses = train(base, settings, examples)
    for slot, course in enumerate(courses):
        reference, losses = peft_reference(base, model, course, firsts[slot], slots.flat.dtype)
        assert course.losses == pytest.approx(losses, rel=loss_error)
        named = dict(reference.named_parameters())
        lowest = lowest_adapted(base.layers, settings[slot].top_layers)
        ours_named = list(slots.weights(slot, settings[slot].rank, lowest))
        assert 2 * len(ours_named) == sum("lora_" in name for name in named)
        for layer, a, b in ours_named:
            for letter, ours in (("A", a), ("B", b)):
                theirs = named[f"base_model.model.{layer.name}.lora_{letter}.default.weight"]
                assert (ours - theirs).norm() <= weight_error * theirs.norm(), (layer.name, letter)


def test_padding_gives_no_gradient(base_of: Callable[..., Base]) -> None:
    """A slot trained beside a much longer neighbour, which pads it, equals the slot trained alone."""
    base = base_of()
    short = [Example(completion="Two words.\n")]
    long = [Example(completion="The mill at Orrin opened. " * 8 + "\n")]
    settings = TrainConfig(rank=4, learning_rate=1e-2).settings(4)
    beside, courses = train(base, [settings, settings], [short, long])
    alone, single = train(base, [settings], [short])
    assert courses[0].losses == pytest.approx(single[0].losses, rel=1e-5)
    torch.testing.assert_close(beside.flat[0], alone.flat[0], rtol=1e-4, atol=1e-6)


def test_neighbours_do_not_change_a_slot(base_of: Callable[..., Base]) -> None:
    base = base_of()
    settings = TrainConfig(rank=4, learning_rate=1e-2).settings(2)
    other = settings.model_copy(update={"learning_rate": 0.5, "seed": 9})
    first, _ = train(base, [settings, settings], [EXAMPLES, EXAMPLES])
    second, _ = train(base, [settings, other], [EXAMPLES, EXAMPLES[::-1]])
    torch.testing.assert_close(first.flat[0], second.flat[0], rtol=1e-5, atol=1e-7)
    assert not torch.allclose(first.flat[1], second.flat[1])


def test_a_finished_slot_is_frozen(base_of: Callable[..., Base]) -> None:
    base = base_of()
    long, short = TrainConfig(rank=4).settings(6), TrainConfig(rank=4, seed=1).settings(2)
    together, _ = train(base, [long, short], [EXAMPLES, EXAMPLES])
    alone, _ = train(base, [short], [EXAMPLES])
    torch.testing.assert_close(together.flat[1], alone.flat[0], rtol=1e-4, atol=1e-6)


def test_one_end_of_text_and_labels_on_the_completion_only(base_of: Callable[..., Base]) -> None:
    base = base_of()
    (row,) = encode(base, EXAMPLES[1:2], 128)
    assert row.ids.count(base.eos) == 1
    assert row.ids[-1] == base.eos
    trained = base.tokenizer.decode(row.ids[row.start : -1])
    assert trained == EXAMPLES[1].completion


def test_padded_rank_stays_zero(base_of: Callable[..., Base]) -> None:
    base = base_of()
    slots, _ = train(base, SETTINGS, [EXAMPLES] * 3)
    for layer in base.layers:
        a, b = slots.of[layer]
        assert a[1, 2:].abs().max() == 0
        assert b[1, :, 2:].abs().max() == 0
    assert slots.rank == 4


@pytest.mark.parametrize("kind", KINDS)
def test_adapter_off_is_the_base_bit_for_bit(
    kind: str, tiny: Callable[..., Path], base_of: Callable[..., Base]
) -> None:
    ids = torch.tensor([[5, 6, 7, 8]])
    plain = AutoModelForCausalLM.from_pretrained(tiny(kind), dtype=torch.float32).eval()
    with torch.no_grad():
        expected = plain(input_ids=ids).logits
        attach(plain)
        assert torch.equal(plain(input_ids=ids).logits, expected)
    base = base_of(kind)
    with torch.no_grad():
        before = base.model(input_ids=ids).logits
    train(base, SETTINGS[:1], [EXAMPLES])
    with torch.no_grad():
        assert torch.equal(base.model(input_ids=ids).logits, before)


@pytest.mark.parametrize("which", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_exported_adapter_gives_equal_logits_in_peft(
    kind: str, which: int, base_of: Callable[..., Base], tiny: Callable[..., Path], tmp_path: Path
) -> None:
    base = base_of(kind)
    slots, _ = train(base, SETTINGS, [EXAMPLES] * 3)
    export(slots, which, SETTINGS[which], base.name, "card", tmp_path / "adapter")
    again = Slots(base.layers, base.switch, 1, SETTINGS[which].rank, train=False)
    load(again, 0, tmp_path / "adapter")
    model = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(tiny(kind), dtype=torch.float32), str(tmp_path / "adapter")
    )
    ids = torch.tensor([[5, 6, 7, 8, 9]])
    with torch.no_grad(), again.on(Layout.equal(1, ids.numel())):
        ours = base.model(input_ids=ids).logits
    with torch.no_grad():
        torch.testing.assert_close(ours, model(input_ids=ids).logits, rtol=1e-5, atol=1e-5)
        off = base.model(input_ids=ids).logits
    assert not torch.allclose(ours, off)


@pytest.mark.parametrize("kind", KINDS)
def test_the_mean_of_adapters_is_the_one_that_peft_makes(
    kind: str, base_of: Callable[..., Base], tiny: Callable[..., Path], tmp_path: Path
) -> None:
    """Members of different rank, alpha and layers, against PEFT's own weighted adapter ("svd")."""
    base = base_of(kind)
    slots, _ = train(base, SETTINGS, [EXAMPLES] * 3)
    members = [tmp_path / str(i) for i in range(3)]
    for i, (folder, s) in enumerate(zip(members, SETTINGS, strict=True)):
        export(slots, i, s, base.name, "card", folder)
    merge([(job(m, "Anna Moss", 0).candidate, m) for m in members], tmp_path / "mean")
    model = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(tiny(kind), dtype=torch.float32), str(members[0]), adapter_name="0"
    )
    for i in (1, 2):
        model.load_adapter(str(members[i]), adapter_name=str(i))
    model.add_weighted_adapter(["0", "1", "2"], [1 / 3] * 3, "theirs", combination_type="svd", svd_rank=RANKS * 4)
    model.load_adapter(str(tmp_path / "mean"), adapter_name="ours")
    ids = torch.tensor([[5, 6, 7, 8, 9]])
    logits: dict[str, torch.Tensor] = {}
    for name in ("0", "theirs", "ours"):
        model.set_adapter(name)
        with torch.no_grad():
            logits[name] = model(input_ids=ids).logits
    torch.testing.assert_close(logits["ours"], logits["theirs"], rtol=1e-5, atol=1e-5)
    assert not torch.allclose(logits["ours"], logits["0"])


def test_all_linear_layers_are_those_that_peft_takes(base_of: Callable[..., Base], tiny: Callable[..., Path]) -> None:
    for kind in KINDS:
        model = get_peft_model(
            AutoModelForCausalLM.from_pretrained(tiny(kind)), LoraConfig(target_modules="all-linear")
        )
        theirs = {
            n.removeprefix("base_model.model.").removesuffix(".lora_A")
            for n, _ in model.named_modules()
            if n.endswith(".lora_A")
        }
        assert {layer.name for layer in base_of(kind).layers} == theirs


def test_a_bfloat16_base_keeps_its_adapters_in_float32(base_of: Callable[..., Base]) -> None:
    base = base_of("llama", "bfloat16")
    slots, courses = train(base, SETTINGS[:1], [EXAMPLES])
    assert slots.flat.dtype == torch.float32
    assert courses[0].losses[-1] < courses[0].losses[0]
    reference, single = train(base_of("llama"), SETTINGS[:1], [EXAMPLES])
    assert courses[0].losses == pytest.approx(single[0].losses, rel=0.05)
    assert reference.flat.shape == slots.flat.shape


@pytest.mark.parametrize(
    ("kind", "groups"),
    [
        ("llama", [["q_proj", "k_proj", "v_proj"], ["o_proj"], ["gate_proj", "up_proj"], ["down_proj"]]),
        ("gpt_neox", [["query_key_value"], ["dense"], ["dense_h_to_4h"], ["dense_4h_to_h"]]),
        ("gpt2", [["c_attn"], ["c_proj"], ["c_fc"], ["c_proj"]]),
    ],
)
def test_layers_that_read_the_same_input_share_one_matrix(
    kind: str, groups: list[list[str]], base_of: Callable[..., Base]
) -> None:
    base = base_of(kind)
    joints = list(dict.fromkeys(layer.joint for layer in base.layers if layer.depth == 0))
    assert [[layer.name.rpartition(".")[2] for layer in joint.layers] for joint in joints] == groups
    for joint in joints:
        for layer in joint.layers:
            assert layer.weight.untyped_storage().data_ptr() == joint.weight.untyped_storage().data_ptr()
