"""What every Chat must do. Subclass, and give an implementation whose model does as it is told."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from agent.errors import EndpointError
from agent.models.json_answers import object_schema
from agent.ports import Chat

COLOUR = object_schema({"colour": {"type": "string"}})


class ChatConformance:
    """Give two fixtures: `chat` names a colour, as a schema asks where there is one; `broken` cannot answer."""

    def test_it_has_a_name(self, chat: Chat) -> None:
        assert chat.name

    def test_text_comes_back_as_text(self, chat: Chat) -> None:
        answer = chat.complete("Be brief.", "Name a colour.")
        assert answer.strip()

    def test_a_schema_brings_back_an_object_with_its_keys(self, chat: Chat) -> None:
        answer = json.loads(chat.complete("Be brief.", "Name a colour.", COLOUR))
        assert isinstance(answer["colour"], str)

    def test_threads_can_share_it(self, chat: Chat) -> None:
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda i: chat.complete("Be brief.", f"Colour {i}?", COLOUR), range(8)))
        assert all("colour" in json.loads(answer) for answer in answers)

    def test_failure_is_an_endpoint_error_that_says_what_to_do(self, broken: Chat) -> None:
        with pytest.raises(EndpointError) as raised:
            broken.complete("Be brief.", "Name a colour.")
        assert raised.value.cause
        assert raised.value.mend
