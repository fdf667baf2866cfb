#!/usr/bin/env bash
# A GGUF file that transformers unpacks itself is refused as quantized, or not, by the kind of model it holds.
#
# Versions: transformers 5.23.0 (5.24.0 does the same; 5.19.0 refuses lfm2, too), gguf 0.19.0.
#
# Expected: from_pretrained(..., gguf_file=...) on a CPU gives a plain model that can be saved and trained, of whatever
#   kind: https://huggingface.co/docs/transformers/main/en/quantization/gguf says under "Dequantize" that unpacking
#   is the fallback, which "gives back a plain dense model".
# Seen: all weights of both models are float32 in ordinary layers. Llama (most kinds: the "legacy loader") still says
#   is_quantized, and save_pretrained and Trainer raise ValueError. LFM2 (and Qwen3.5: the kinds whose weights can stay
#   packed where there is a kernel for it) is unpacked with a warning that `kernels` is missing, and can do both.
#   With quantization_config=GgufConfig(dequantize=True) both kinds can, with the same weights.
#
# The files are tiny, with random weights, written by the gguf package. torch comes from PyPI; on Linux that may bring
# some GB of CUDA packages.
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export TMPDIR="$tmp"
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -q torch==2.13.0
"$tmp/venv/bin/pip" install -q transformers==5.23.0 gguf==0.19.0 accelerate==1.15.0 numpy==2.4.6

cat > "$tmp/load.py" <<'PYTHON'
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
import transformers
from transformers import AutoModelForCausalLM, GgufConfig, Trainer, TrainingArguments

FOLDER = Path(sys.argv[1])
VOCABULARY, WIDTH, INNER, HEADS = 64, 64, 128, 2
PACKED = gguf.GGMLQuantizationType.Q8_0
transformers.logging.disable_progress_bar()


def write(kind):
    """Two layers. In LFM2 the first is a convolution."""
    random, llama = np.random.default_rng(0), kind == "llama"
    file = gguf.GGUFWriter(FOLDER / f"{kind}.gguf", kind)
    file.add_context_length(64)
    file.add_embedding_length(WIDTH)
    file.add_block_count(2)
    file.add_feed_forward_length(INNER)
    file.add_head_count(HEADS)
    file.add_head_count_kv(HEADS if llama else [0, HEADS])
    file.add_layer_norm_rms_eps(1e-5)
    file.add_rope_freq_base(1e4)
    file.add_token_list([f"t{number}" for number in range(VOCABULARY)])
    if llama:
        file.add_vocab_size(VOCABULARY)
    else:
        file.add_shortconv_l_cache(3)

    def packed(name, *shape):
        values = random.normal(0, 0.02, shape).astype(np.float32)
        file.add_tensor(f"{name}.weight", gguf.quants.quantize(values, PACKED), raw_dtype=PACKED)

    def ones(name, *shape):
        file.add_tensor(f"{name}.weight", np.ones(shape, np.float32))

    packed("token_embd", VOCABULARY, WIDTH)
    if llama:
        packed("output", VOCABULARY, WIDTH)
    ones("output_norm" if llama else "token_embd_norm", WIDTH)
    for layer in ("blk.0", "blk.1"):
        ones(f"{layer}.attn_norm", WIDTH)
        ones(f"{layer}.ffn_norm", WIDTH)
        if llama or layer == "blk.1":
            for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
                packed(f"{layer}.{name}", WIDTH, WIDTH)
            if not llama:
                ones(f"{layer}.attn_q_norm", WIDTH // HEADS)
                ones(f"{layer}.attn_k_norm", WIDTH // HEADS)
        else:
            packed(f"{layer}.shortconv.in_proj", 3 * WIDTH, WIDTH)
            packed(f"{layer}.shortconv.out_proj", WIDTH, WIDTH)
            ones(f"{layer}.shortconv.conv", WIDTH, 3)
        packed(f"{layer}.ffn_gate", INNER, WIDTH)
        packed(f"{layer}.ffn_up", INNER, WIDTH)
        packed(f"{layer}.ffn_down", WIDTH, INNER)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


def tried(what):
    try:
        what()
        return "works"
    except ValueError as error:
        return str(error)[:60]


def seen(model):
    """Whether it counts as quantized; what saving says; what a trainer says."""
    options = TrainingArguments(str(FOLDER / "trainer"), use_cpu=True, report_to="none")
    return (
        model.is_quantized,
        tried(lambda: model.save_pretrained(FOLDER / "saved")),
        tried(lambda: Trainer(model=model, args=options)),
    )


REFUSED = (
    True,
    "The model is quantized with gguf and is not serializable - c",
    "You cannot perform fine-tuning on purely quantized models. P",
)
WORKS = (False, "works", "works")
for kind, expected in (("llama", REFUSED), ("lfm2", WORKS)):
    write(kind)
    load = dict(gguf_file=f"{kind}.gguf", dtype=torch.float32)
    itself = AutoModelForCausalLM.from_pretrained(FOLDER, **load)
    told = AutoModelForCausalLM.from_pretrained(FOLDER, **load, quantization_config=GgufConfig(dequantize=True))
    for model in (itself, told):
        assert {weight.dtype for weight in model.parameters()} == {torch.float32}
        assert type(model.get_output_embeddings()) is torch.nn.Linear
        assert all(weight.equal(itself.state_dict()[name]) for name, weight in model.state_dict().items())
    print(f"transformers {transformers.__version__}, {kind}, all weights unpacked to float32:")
    for way, model, as_seen in (("by itself", itself, expected), ("GgufConfig(dequantize=True)", told, WORKS)):
        found = seen(model)
        print(f"  {way}: is_quantized {found[0]}; save_pretrained: {found[1]}; Trainer: {found[2]}")
        if found != as_seen:
            sys.exit(f"changed: expected {as_seen}")
PYTHON

# transformers 5.23.0, llama, all weights unpacked to float32:
#   by itself: is_quantized True; save_pretrained: The model is quantized with gguf and is not serializable - c;
#     Trainer: You cannot perform fine-tuning on purely quantized models. P
#   GgufConfig(dequantize=True): is_quantized False; save_pretrained: works; Trainer: works
# [transformers] Dequantizing the whole model, because `kernels` is not installed, or not in [0.18.2, 0.19.0) [...]
# transformers 5.23.0, lfm2, all weights unpacked to float32:
#   by itself: is_quantized False; save_pretrained: works; Trainer: works
#   GgufConfig(dequantize=True): is_quantized False; save_pretrained: works; Trainer: works
mkdir "$tmp/models"
HF_HUB_OFFLINE=1 HF_HOME="$tmp/hub" "$tmp/venv/bin/python" "$tmp/load.py" "$tmp/models"
