"""The base model as its own writer: requests of several threads are one batch, and each gets its own answer."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from agent.errors import AnswerError, ModelError
from agent.models.own import Heard, OwnChat, OwnWriter
from agent.ports import Request


class Echo:
    """Answers with what was asked and the seed; "fail" cannot be answered, "" gets no answer."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def answer(self, requests: Sequence[Request]) -> list[str]:
        self.batches.append(len(requests))
        if any(request.user == "fail" for request in requests):
            raise ModelError("no chat template")
        return [f"{request.user} {request.seed}" if request.user else " " for request in requests]


def chats(model: Echo, count: int) -> list[OwnChat]:
    writer = OwnWriter(model.answer)
    return [OwnChat(writer, "packaged", None, seed) for seed in range(count)]


def ask(chat: OwnChat, user: str, together: threading.Barrier) -> Any:
    together.wait()
    try:
        return chat.complete("system", user)
    except ModelError as error:
        return error


@pytest.mark.parametrize("user", ["write", "fail"])
def test_threads_share_a_batch_and_each_gets_its_own(user: str) -> None:
    model, together = Echo(), threading.Barrier(6)
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda chat: ask(chat, user, together), chats(model, 6)))
    assert sum(model.batches) == 6
    assert len(model.batches) < 6
    if user == "fail":
        assert all(isinstance(it, ModelError) for it in found)
    else:
        assert found == [f"write {seed}" for seed in range(6)]


def test_no_answer_is_an_error_of_the_answer_alone() -> None:
    (chat,) = chats(Echo(), 1)
    with pytest.raises(AnswerError, match="wrote nothing"):
        chat.complete("system", "")


def test_what_was_heard_is_kept_with_what_was_asked() -> None:
    heard = Heard(chats(Echo(), 1)[0])
    assert heard.complete("a system", "write") == "write 0"
    assert [(w.system, w.user, w.text) for w in heard.written] == [("a system", "write", "write 0")]
    assert heard.name == "packaged"
