"""A Chat without a server: answers by a function, or fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent.errors import EndpointError

Said = tuple[str, str, dict[str, Any] | None]


class FakeChat:
    """`answer` gets system and user text; `asked` holds what was asked, in order."""

    def __init__(self, answer: Callable[[str, str], str], name: str = "fake") -> None:
        self.name = name
        self.asked: list[Said] = []
        self._answer = answer

    def complete(self, system: str, user: str, schema: dict[str, Any] | None = None) -> str:
        self.asked.append((system, user, schema))
        return self._answer(system, user)


def failing_chat(cause: str = "the endpoint is down") -> FakeChat:
    def fail(system: str, user: str) -> str:
        raise EndpointError(cause, "start the server")

    return FakeChat(fail)
