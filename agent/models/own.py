"""The base model as the chat model that writes its own training data, by a writer policy's adapter."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from agent.errors import AnswerError
from agent.ports import Chat, Request
from agent.records import Writing

GATHER = 0.05
"""Seconds that the first of several writers waits for the others: one pass of the model serves them all."""


class OwnWriter:
    """Requests of several threads are answered in one batch, by whoever answers batches."""

    def __init__(self, answer: Callable[[Sequence[Request]], Sequence[str]]) -> None:
        self._answers = answer
        self._waiting: list[tuple[Request, Future[str]]] = []
        self._queue, self._turn = threading.Lock(), threading.Lock()

    def sample(self, request: Request) -> str:
        """Raises what the model raises."""
        future: Future[str] = Future()
        with self._queue:
            self._waiting.append((request, future))
        with self._turn:
            if not future.done():
                time.sleep(GATHER)
                with self._queue:
                    batch, self._waiting = self._waiting, []
                self._answer(batch)
        return future.result()

    def _answer(self, batch: list[tuple[Request, Future[str]]]) -> None:
        try:
            texts = self._answers([request for request, _ in batch])
        except BaseException as error:  # noqa: BLE001  (each of them has to wake up)
            for _, future in batch:
                future.set_exception(error)
            return
        for (_, future), text in zip(batch, texts, strict=True):
            future.set_result(text)


class OwnChat:
    """The Chat port of one plan: the same seed draws the same answer."""

    def __init__(self, writer: OwnWriter, name: str, adapter: Path | None, seed: int) -> None:
        self.name = name
        self._writer, self._adapter, self._seed = writer, adapter, seed

    def complete(self, system: str, user: str, schema: dict[str, Any] | None = None) -> str:
        """No schema is enforced. Raises ModelError where the model has no chat template."""
        text = self._writer.sample(Request(system, user, self._adapter, self._seed)).strip()
        if not text:
            raise AnswerError(f"model '{self.name}' wrote nothing", "")
        return text


class Heard:
    """A chat model whose answers are kept with what was asked."""

    def __init__(self, chat: Chat) -> None:
        self.name, self._chat = chat.name, chat
        self.written: list[Writing] = []

    def complete(self, system: str, user: str, schema: dict[str, Any] | None = None) -> str:
        text = self._chat.complete(system, user, schema)
        self.written.append(Writing(system=system, user=user, text=text))
        return text
