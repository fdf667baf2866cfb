"""The base model and its published adapters on a vLLM server, which is told to load an adapter when it is asked for.

Adapter folders are named by the hash of their weights, so an adapter that somebody else loaded under that
name is the same one. See docs/vllm.md for how to start such a server.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from openai import APIStatusError, BadRequestError, NotFoundError
from openai.types import Completion

from agent.errors import EndpointError
from agent.models.client import EndpointClient
from agent.models.faults import Endpoint, Nonsense, NotTheApi, described, said
from agent.ports import Query

_AS_TRAINED = {"add_special_tokens": False, "repetition_penalty": 1.0}
"""vLLM's own parameters: without them it may add a token to the prompt, or take a penalty from the model's files."""
_START = "start vLLM with VLLM_ALLOW_RUNTIME_LORA_UPDATING=True and --enable-lora (docs/vllm.md)"


class ServedModel:
    """The Answerer port over vLLM's completions API. Safe to share between threads."""

    def __init__(self, client: EndpointClient) -> None:
        self.name = client.endpoint.model
        self._client = client
        self._loaded: set[str] = set()

    def answer(self, queries: Sequence[Query], max_tokens: int = 24) -> list[str]:
        """One request for each distinct adapter. An answer by another model than the asked one is an EndpointError."""
        rows: dict[Path | None, list[int]] = {}
        for i, query in enumerate(queries):
            rows.setdefault(query.adapter, []).append(i)
        answers = [""] * len(queries)
        for adapter, places in rows.items():
            prompts = [queries[i].prompt for i in places]
            texts = self._client.call(partial(self._attempt, adapter, prompts, max_tokens))
            for i, text in zip(places, texts, strict=True):
                answers[i] = text.split("\n")[0].strip()
        return answers

    def _attempt(self, adapter: Path | None, prompts: list[str], max_tokens: int) -> list[str]:
        if adapter is None:
            return self._complete(self.name, prompts, max_tokens)
        if adapter.name in self._loaded:
            try:
                return self._complete(adapter.name, prompts, max_tokens)
            except NotFoundError:  # the server was started again, or somebody took the adapter out
                self._loaded.discard(adapter.name)
        self._load(adapter)
        return self._complete(adapter.name, prompts, max_tokens)

    def _load(self, folder: Path) -> None:
        body = {"lora_name": folder.name, "lora_path": str(folder.absolute())}
        try:
            # The answer is a sentence, not JSON.
            self._client.openai.post(
                "/load_lora_adapter", cast_to=str, body=body, options={"headers": self._client.headers}
            )
        except APIStatusError as error:
            if not (isinstance(error, BadRequestError) and "already been loaded" in said(error)):
                refusal = _refusal(self._client.endpoint, folder.absolute(), error)
                if refusal is None:
                    raise
                raise refusal from error
        self._loaded.add(folder.name)

    def _complete(self, model: str, prompts: list[str], max_tokens: int) -> list[str]:
        """The texts in the order of the prompts."""
        completion: object = self._client.openai.completions.create(
            model=model, prompt=prompts, max_tokens=max_tokens, temperature=0, stop="\n",
            extra_body=_AS_TRAINED, extra_headers=self._client.headers,
        )  # fmt: skip
        if not isinstance(completion, Completion):
            raise NotTheApi("answered with a page that is not the completions API")
        if completion.model != model:
            raise _another(self._client.endpoint, model, completion.model)
        texts = {choice.index: choice.text for choice in completion.choices or []}
        if sorted(texts) != list(range(len(prompts))) or not all(isinstance(text, str) for text in texts.values()):
            raise Nonsense(f"gave {len(texts)} answers to {len(prompts)} prompts")
        return [texts[i] for i in range(len(prompts))]


def _another(endpoint: Endpoint, asked: str, answered: str) -> EndpointError:
    """Not tried again: a server that answers for another model once cannot be trusted the next time."""
    if asked == endpoint.model:
        mend = f"set model in {endpoint.table} to the name that the server answers with"
    else:
        mend = f"let url in {endpoint.table} lead to one vLLM server that has the adapters under their own names"
    return described(endpoint, f"answered with model '{answered}' where '{asked}' was asked for", mend)


def _refusal(endpoint: Endpoint, folder: Path, error: APIStatusError) -> EndpointError | None:
    """Why an adapter was not loaded, where trying again is of no use; None for the errors of any request."""
    code, message = error.status_code, said(error)
    cause = f"cannot load adapter {folder.name} (HTTP {code}): {message}"
    if "No adapter found" in message:
        mend = f"run the server where {folder} can be read under this same path, and check that it is there"
    elif code in (404, 405):
        cause = f"does not load adapters while it runs (HTTP {code})"
        mend = f"{_START}, or correct url in {endpoint.table}; it usually ends in /v1"
    elif "max_lora_rank" in message:
        mend = "start vLLM with --max-lora-rank of at least the adapter's rank"
    elif "LoRA is not enabled" in message:
        mend = _START
    elif code == 500:  # vLLM's answer to every other adapter that it cannot use
        mend = "read the server's log, and check that it serves the model that the adapter was trained on"
    else:
        return None
    return described(endpoint, cause, mend)
