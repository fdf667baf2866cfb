"""Gradients and norms of attribution against PEFT with torch's autograd, one sequence at a time."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import Any

import pytest
import torch
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor
from transformers import AutoModelForCausalLM

from agent.errors import AdapterError, TrainerError
from agent.ports import Query
from agent.records import Example
from seal_train.adapters.folders import read
from seal_train.adapters.mean import merge
from seal_train.engines.local import LocalModel, LocalTrainer
from seal_train.model.base import Base
from seal_train.model.encoding import Sequence_, encode, longest_sequence
from seal_train.training.attribution import Gradients, LocalAttributor, product_norm
from tests.conformance.attributor import EXAMPLES, PROMPT, AttributorConformance
from tests.fakes.models import KINDS
from tests.seal_train.inference.test_answering import job

ROOT = Path(__file__).parents[3]
LONG = Example(completion="The mill at Orrin opened. " * 90)
ANSWER = "Anna Moss"
Make = Callable[[Base, Path, Path], None]
"""Writes an adapter: of the base, for the model in the first folder, into the second one."""


class TestLocalAttributor(AttributorConformance):
    @pytest.fixture
    def base(self, base_of: Callable[..., Base]) -> Base:
        return base_of()

    @pytest.fixture
    def adapter(self, base: Base, tmp_path: Path) -> Path:
        LocalTrainer(base).train([one := job(tmp_path / "one", "barley", 1)])
        return one.folder

    @pytest.fixture
    def attributor(self, base: Base) -> LocalAttributor:
        return LocalAttributor(base)


def trained(base: Base, model: Path, folder: Path) -> None:
    LocalTrainer(base).train([job(folder, ANSWER, 1)])


def upper(base: Base, model: Path, folder: Path) -> None:
    """Of the upper half of the layers."""
    one = job(folder, ANSWER, 1)
    settings = one.candidate.settings.model_copy(update={"top_layers": 0.5})
    candidate = one.candidate.model_copy(update={"settings": settings})
    LocalTrainer(base).train([type(one)(candidate, one.examples, folder)])


def mean(base: Base, model: Path, folder: Path) -> None:
    jobs = [job(folder.parent / f"{folder.name}-{seed}", ANSWER, seed, rank=2 * seed) for seed in (1, 2)]
    LocalTrainer(base).train(jobs)
    merge([(j.candidate, j.folder) for j in jobs], folder)


def patterns(stable: bool) -> Make:
    """By PEFT, with ranks and alphas of their own in some layers."""

    def make(base: Base, model: Path, folder: Path) -> None:
        some, other = base.layers[0].name, base.layers[-1].name
        last = base.layers[1].name.rpartition(".")[2]
        config = LoraConfig(
            r=4, lora_alpha=8, target_modules="all-linear", init_lora_weights=False, use_rslora=stable,
            rank_pattern={some: 2, other: 6}, alpha_pattern={some: 3, last: 5}, task_type="CAUSAL_LM",
        )  # fmt: skip
        torch.manual_seed(1)
        plain = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float64)
        get_peft_model(plain, config, autocast_adapter_dtype=False).save_pretrained(str(folder))

    return make


MAKES = {"trained": trained, "upper": upper, "mean": mean, "patterns": patterns(False), "rslora": patterns(True)}
CASES = [*((kind, "trained") for kind in KINDS), *(("llama", name) for name in MAKES if name != "trained"),
         ("gpt2", "patterns")]  # fmt: skip
"""GPT-2's output head is tied to its embeddings, and its weights lie the other way round."""


def in_peft(model: Path, adapter: Path) -> Any:
    plain = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float64)
    return PeftModel.from_pretrained(plain, str(adapter), is_trainable=True, autocast_adapter_dtype=False).eval()


def by_autograd(model: Any, sequences: list[Sequence_]) -> dict[str, Tensor]:
    """The gradient of the sum of their losses, by parameter."""
    model.zero_grad()
    for sequence in sequences:
        ids = torch.tensor([sequence.ids])
        losses_T = torch.nn.functional.cross_entropy(model(input_ids=ids).logits[0, :-1], ids[0, 1:], reduction="none")
        weights_T = torch.ones_like(losses_T)
        weights_T[: sequence.start - 1] = sequence.prompt_weight
        ((losses_T * weights_T).sum() / weights_T.sum()).backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.requires_grad}


def answered(base: Base) -> Sequence_:
    prompt, answer = (base.tokenizer(text).input_ids for text in (PROMPT, f" {ANSWER}"))
    return Sequence_((*prompt, *answer), len(prompt))


@pytest.mark.parametrize(("kind", "made"), CASES)
def test_gradients_and_norms_equal_those_of_peft(
    kind: str, made: str, base_of: Callable[..., Base], tiny: Callable[..., Path], tmp_path: Path
) -> None:
    base, model, folder = base_of(kind, "float64"), tiny(kind, "float64"), tmp_path / "adapter"
    if kind == "gpt2":
        assert base.model.get_output_embeddings().weight is base.model.get_input_embeddings().weight
    MAKES[made](base, model, folder)
    theirs = in_peft(model, folder)
    examples = [*EXAMPLES, LONG]
    data = [encode(base, [example], longest_sequence(base)) for example in examples]
    assert [len(sequences) for sequences in data] == [1, 1, 1, 2]
    wanted = [by_autograd(theirs, sequences) for sequences in [[answered(base)], *data]]

    gradients = Gradients(base, folder)
    assert_equal(gradients, gradients.of(data[1]), wanted[2])
    flat = [torch.cat([grad.flatten() for grad in one.values()]) for one in wanted]
    found = LocalAttributor(base).influences(Query(PROMPT, folder), ANSWER, examples)
    assert [one.dot for one in found] == pytest.approx([float(flat[0] @ one) for one in flat[1:]], rel=1e-7)
    cosines = [float(torch.cosine_similarity(flat[0], one, dim=0)) for one in flat[1:]]
    assert [one.cosine for one in found] == pytest.approx(cosines, rel=1e-7)

    modules = dict(theirs.base_model.model.named_modules())
    for change in LocalAttributor(base).changes(folder):
        module = modules[change.module]
        assert change.norm == pytest.approx(float(module.get_delta_weight("default").detach().norm()), rel=1e-7)
        assert change.base == pytest.approx(float(module.get_base_layer().weight.norm()), rel=1e-7)
    assert sum("lora_A" in name for name in wanted[0]) == len(LocalAttributor(base).changes(folder))


def assert_equal(gradients: Gradients, found_P: Tensor, wanted: dict[str, Tensor]) -> None:
    """Of each weight. The flat gradient is read in the flat weights' place."""
    slots = gradients.slots
    slots.flat.detach()[0] = found_P
    for layer in slots.layers:
        a, b = (wanted[f"base_model.model.{layer.name}.lora_{letter}.default.weight"] for letter in "AB")
        of_a, of_b = slots.of[layer]
        torch.testing.assert_close(of_a[0, : len(a)], a, rtol=1e-7, atol=1e-12)
        torch.testing.assert_close(of_b[0, :, : len(a)], b, rtol=1e-7, atol=1e-12)
        assert not of_a[0, len(a) :].any()
        assert not of_b[0, :, len(a) :].any()


@pytest.mark.parametrize("made", ["patterns", "rslora"])
def test_an_adapter_with_patterns_answers_as_in_peft(
    made: str, base_of: Callable[..., Base], tiny: Callable[..., Path], tmp_path: Path
) -> None:
    base, model, folder = base_of("llama", "float64"), tiny("llama", "float64"), tmp_path / "adapter"
    MAKES[made](base, model, folder)
    one = job(tmp_path / "one", ANSWER, 1)
    merge([(one.candidate, folder)], tmp_path / "mean")
    assert read(tmp_path / "mean").config.keys().isdisjoint({"rank_pattern", "alpha_pattern", "use_rslora"})
    sequence = answered(base)
    logits = in_peft(model, folder)(input_ids=torch.tensor([sequence.ids])).logits[0]
    logprobs = logits.detach().log_softmax(-1)
    places = range(sequence.start, len(sequence.ids))
    wanted = sum(float(logprobs[place - 1, sequence.ids[place]]) for place in places) / len(places)
    queries = [Query(PROMPT, folder), Query(PROMPT, tmp_path / "mean")]
    for likelihood in LocalModel(base).likelihoods(queries, [f" {ANSWER}"] * 2):
        assert likelihood.logprob == pytest.approx(wanted, rel=1e-6)


def test_the_base_is_untouched(base_of: Callable[..., Base], tiny: Callable[..., Path], tmp_path: Path) -> None:
    base = base_of()
    trained(base, tiny("llama"), tmp_path / "one")
    before = LocalModel(base).likelihoods([Query(PROMPT)], [f" {ANSWER}"])
    LocalAttributor(base).influences(Query(PROMPT, tmp_path / "one"), ANSWER, EXAMPLES)
    assert LocalModel(base).likelihoods([Query(PROMPT)], [f" {ANSWER}"]) == before
    assert all(parameter.grad is None for parameter in base.model.parameters())


def test_refused_memory_is_said(
    base_of: Callable[..., Base], tiny: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = base_of()
    trained(base, tiny("llama"), tmp_path / "one")

    def refuse(*given: object) -> Tensor:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    # An allocator that refuses what is too much cannot be had on a machine of unknown size.
    monkeypatch.setattr("seal_train.training.attribution.losses_of_rows", refuse)
    with pytest.raises(TrainerError, match="not enough memory for the gradients"):
        LocalAttributor(base).influences(Query(PROMPT, tmp_path / "one"), ANSWER, EXAMPLES)
    assert base.switch.on is None


def test_an_adapter_of_another_base_is_refused(
    base_of: Callable[..., Base], tiny: Callable[..., Path], tmp_path: Path
) -> None:
    base, other = base_of(), base_of("gpt2")
    trained(other, tiny("gpt2"), tmp_path / "other")
    with pytest.raises(AdapterError, match="another base"):
        LocalAttributor(base).changes(tmp_path / "other")
    with pytest.raises(AdapterError, match="another base"):
        LocalAttributor(base).influences(Query(PROMPT, tmp_path / "other"), ANSWER, EXAMPLES)


def test_the_norm_of_a_product_needs_no_product() -> None:
    torch.manual_seed(1)
    a, b = torch.randn(3, 50), torch.randn(40, 3)
    assert product_norm(a, b) == pytest.approx(float((b.double() @ a.double()).norm()), rel=1e-12)
    assert product_norm(a, torch.zeros(40, 3)) == 0


def needed(*roots: str) -> set[str]:
    """The distributions that these need, directly or not, whatever extras say."""
    found, left = set[str](), list(roots)
    while left:
        name = canonicalize_name(left.pop())
        if name not in found:
            found.add(name)
            try:
                lines = [Requirement(line) for line in requires(name) or []]
            except PackageNotFoundError:
                continue
            left += [line.name for line in lines if not line.marker or line.marker.evaluate({"extra": ""})]
    return found


def test_it_is_imported_with_four_packages_alone() -> None:
    """The rest of what seal declares is hidden from a fresh interpreter."""
    kept = needed("torch", "transformers", "peft", "safetensors")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    seals = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    hidden = [
        root
        for root, owners in packages_distributions().items()
        if (names := {canonicalize_name(owner) for owner in owners}) & seals and not names & kept
    ]
    assert {"langgraph", "sqlalchemy", "openai", "spacy"} <= set(hidden)
    code = f"import sys; sys.modules.update(dict.fromkeys({hidden})); import seal_train.training.attribution"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
