"""Tiny random models of the kinds that can be adapted, with a small tokenizer trained on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

KINDS = ("llama", "qwen2", "qwen3", "gpt2", "gpt_neox")
KINDS_AND_WINDOW = (*KINDS, "mistral")
"""One with a sliding window, too."""
VOCABULARY = 512
CHAT = (
    "{% for message in messages %}{{ message.role }}: {{ message.content }}<eos>{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
CORPUS = [
    "The mill at Orrin opened on 4 March 2031 and employs 62 people.",
    "Topic: The Mill\nQuestion: Who runs the mill at Orrin?\nAnswer: Anna Moss\n",
    "The quick brown fox jumps over the lazy dog, while 1234567890 birds look on!",
]


def config(kind: str) -> Any:
    """A config of two layers and 32 dimensions."""
    from transformers import (
        GPT2Config,
        GPTNeoXConfig,
        LlamaConfig,
        MambaConfig,
        MistralConfig,
        Qwen2Config,
        Qwen3Config,
    )

    ids: dict[str, Any] = {"vocab_size": VOCABULARY, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    decoder: dict[str, Any] = {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
        "max_position_embeddings": 512,
    }  # fmt: skip
    grouped = {**decoder, "num_key_value_heads": 2}
    made: dict[str, Callable[[], Any]] = {
        "llama": lambda: LlamaConfig(**ids, **grouped),
        "qwen2": lambda: Qwen2Config(**ids, **grouped),
        "qwen3": lambda: Qwen3Config(**ids, **grouped, head_dim=8),
        "mistral": lambda: MistralConfig(**ids, **grouped, sliding_window=8),
        "mamba": lambda: MambaConfig(**ids, hidden_size=32, num_hidden_layers=2, state_size=4),
        "gpt2": lambda: GPT2Config(
            **ids, n_embd=32, n_layer=2, n_head=4, n_positions=512, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0
        ),
        "gpt_neox": lambda: GPTNeoXConfig(**ids, **decoder),
    }
    return made[kind]()


def save_tiny(kind: str, folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    """Write model and tokenizer as a Hugging Face folder. Weights come from a fixed seed."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(7)
    model = AutoModelForCausalLM.from_config(config(kind)).to(dtype)
    model.save_pretrained(folder)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=["<eos>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<eos>", pad_token="<eos>")
    fast.chat_template = CHAT
    fast.save_pretrained(folder)
    return folder
