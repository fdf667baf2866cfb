"""OpenAIChat passes the suite of the Chat port, against servers with and without response_format."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agent.models.chat import OpenAIChat
from tests.conformance.chat import ChatConformance
from tests.fakes.openai_server import Asked, FakeOpenAI


def name_a_colour(asked: Asked) -> str:
    return 'Sure, here it is: {"colour": "green"}' if "JSON schema" in asked.system else "Green."


@pytest.fixture
def broken() -> OpenAIChat:
    return OpenAIChat("nowhere", "http://127.0.0.1:9/v1", "m", None, attempts=1)


class TestWithResponseFormat(ChatConformance):
    @pytest.fixture
    def chat(self) -> Iterator[OpenAIChat]:
        with FakeOpenAI(name_a_colour) as server:
            yield OpenAIChat("main", server.url, "fake-model", None)


class TestWithoutResponseFormat(ChatConformance):
    @pytest.fixture
    def chat(self) -> Iterator[OpenAIChat]:
        with FakeOpenAI(name_a_colour, refuses=["response_format"]) as server:
            yield OpenAIChat("main", server.url, "fake-model", None)
