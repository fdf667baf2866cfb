"""OpenAIChat with the real openai client against a real local server, healthy and broken."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import AnswerError, EndpointError
from agent.models.chat import OpenAIChat
from agent.models.client import retry_after
from agent.models.json_answers import first_object, object_schema
from agent.ports import Tokens
from tests.fakes.http_server import HttpServer, Reply
from tests.fakes.openai_server import Asked, FakeOpenAI, Fault

SCHEMA = object_schema({"colour": {"type": "string"}})


def chat_with(server: FakeOpenAI, **more: Any) -> OpenAIChat:
    settings: dict[str, Any] = {"model": "fake-model", "api_key": None, "timeout": 5.0, "backoff": 0.01, **more}
    return OpenAIChat("main", server.url, **settings)


def failure(server: FakeOpenAI, schema: dict[str, Any] | None = None, **more: Any) -> EndpointError:
    with server, pytest.raises(EndpointError) as raised:
        chat_with(server, **more).complete("s", "u", schema)
    assert "main" in raised.value.cause
    assert "[endpoints.main]" in raised.value.mend
    return raised.value


def times_asked(server: FakeOpenAI) -> int:
    """Requests for what was wanted. After some failures the endpoint is asked something short as well."""
    return sum(sent["messages"][1]["content"] == "u" for sent in server.requests)


def test_the_request_carries_the_messages_and_settings() -> None:
    with FakeOpenAI(key="secret") as server:
        chat = chat_with(server, api_key=" secret\n", temperature=0.1, max_tokens=7)
        assert chat.complete("be kind", "hello") == "You said: hello"
    sent = server.requests[0]
    assert [m["content"] for m in sent["messages"]] == ["be kind", "hello"]
    assert (sent["temperature"], sent["max_tokens"], sent["model"]) == (0.1, 7, "fake-model")
    assert "response_format" not in sent


def test_every_answer_is_metered_also_one_of_no_use() -> None:
    met: list[Tokens | None] = []
    with FakeOpenAI(faults=[Fault("no-choices"), Fault("status", 500)]) as server:
        chat_with(server, meter=met.append).complete("be kind", "name a colour")
    assert met == [Tokens(5, 0), Tokens(5, 5)], "prompts of five words, the first in vain; the error has no tokens"


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": 3}, {"prompt_tokens": "3", "completion_tokens": None}])
def test_a_server_that_does_not_count_is_metered_as_that(usage: object) -> None:
    met: list[Tokens | None] = []
    with FakeOpenAI(usage=usage) as server:
        chat_with(server, meter=met.append).complete("s", "u")
    assert met == [None]


def test_no_environment_variable_changes_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_ORG_ID", "org")
    with FakeOpenAI() as server:
        chat_with(server).complete("s", "u")
    names = {name.lower() for name in server.headers[0]}
    assert not names & {"authorization", "openai-organization", "openai-project"}
    assert OpenAIChat("main", None, "m", None).endpoint.url == "https://api.openai.com/v1"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", 500), Fault("status", 503), Fault("status", 429), Fault("status", 408), Fault("reset"),
        Fault("garbage"), Fault("page"), Fault("no-choices"), Fault("empty"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)  # fmt: skip
def test_a_passing_fault_is_tried_again(fault: Fault) -> None:
    with FakeOpenAI(faults=[fault, fault]) as server:
        assert chat_with(server).complete("s", "u") == "You said: u"
    assert len(server.requests) == 3


def test_a_timeout_is_tried_again() -> None:
    with FakeOpenAI(faults=[Fault("hang")]) as server:
        assert chat_with(server, timeout=0.2).complete("s", "u") == "You said: u"
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_not_tried_again(status: int) -> None:
    server = FakeOpenAI(faults=[Fault("status", status)])
    failure(server)
    assert times_asked(server) == 1


def test_attempts_are_all_that_are_made() -> None:
    server = FakeOpenAI(faults=[Fault("status", 500, "the disk is full")] * 9)
    error = failure(server, attempts=3)
    assert times_asked(server) == 3
    assert "the disk is full" in error.cause


def test_retry_after_is_honoured() -> None:
    with FakeOpenAI(faults=[Fault("status", 429, headers={"Retry-After": "0.3"})]) as server:
        start = time.monotonic()
        chat_with(server).complete("s", "u")
    assert time.monotonic() - start >= 0.3


def test_retry_after_is_capped() -> None:
    with FakeOpenAI(faults=[Fault("status", 429, headers={"Retry-After": "3600"})]) as server:
        start = time.monotonic()
        chat_with(server, longest_wait=0.05).complete("s", "u")
    assert time.monotonic() - start < 30


def test_a_wrong_key_is_said_without_repeating_it() -> None:
    error = failure(FakeOpenAI(key="right"), api_key="wrong-key-123")
    assert "refused the key" in error.cause
    assert "api_key_env" in error.mend
    assert "wrong-key-123" not in error.cause + error.mend + repr(error.__dict__)


def test_a_missing_key_asks_for_api_key_env() -> None:
    error = failure(FakeOpenAI(key="right"))
    assert "asks for a key" in error.cause
    assert "set api_key_env" in error.mend


def test_a_wrong_model_lists_what_is_offered_nearest_first() -> None:
    server = FakeOpenAI(models=["zebra", *(f"m{i}" for i in range(20)), "llama-3-8b"])
    error = failure(server, model="lama-3-8b")
    assert "no model 'lama-3-8b'" in error.cause
    assert "set model in [endpoints.main]" in error.mend
    assert "offers: llama-3-8b, zebra" in error.mend
    assert "and 12 more" in error.mend


def test_a_wrong_path_points_at_the_url() -> None:
    with FakeOpenAI() as server, pytest.raises(EndpointError) as raised:
        OpenAIChat("main", server.url.removesuffix("/v1"), "fake-model", None).complete("s", "u")
    assert "url usually ends in /v1" in raised.value.mend


def test_a_refused_connection_says_where() -> None:
    with FakeOpenAI() as server:
        url = server.url
    with pytest.raises(EndpointError) as raised:
        OpenAIChat("main", url, "m", None, attempts=2, backoff=0.01).complete("s", "u")
    assert url in raised.value.cause
    assert "refused" in raised.value.cause.lower()
    assert "start the server, or correct url in [endpoints.main]" in raised.value.mend


def test_passwords_in_the_url_are_not_repeated() -> None:
    chat = OpenAIChat("main", "http://anna:hunter2@127.0.0.1:9/v1", "m", None, attempts=1)
    with pytest.raises(EndpointError) as raised:
        chat.complete("s", "u")
    assert "hunter2" not in raised.value.cause


def test_a_timeout_names_its_key() -> None:
    error = failure(FakeOpenAI(faults=[Fault("hang")] * 2), timeout=0.1, attempts=2)
    assert "0.1 s" in error.cause
    assert "raise timeout in [endpoints.main]" in error.mend


@pytest.mark.parametrize("schema", [None, SCHEMA])
def test_a_prompt_that_is_too_long_is_said_at_once(schema: dict[str, Any] | None) -> None:
    server = FakeOpenAI(context=1)
    error = failure(server, schema)
    assert "too long" in error.cause
    assert "longer context" in error.mend
    assert isinstance(error, AnswerError)
    assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host/v1", "http://", "http://host:port/v1", "http://[::1"])
def test_an_unusable_url_is_refused_at_once(url: str) -> None:
    with pytest.raises(EndpointError, match="unusable url"):
        OpenAIChat("main", url, "m", None)


def test_a_key_that_no_header_can_carry_is_refused_at_once() -> None:
    with pytest.raises(EndpointError, match="characters that no key has"):
        OpenAIChat("main", None, "m", "sk-\u2026abc")


def test_a_schema_goes_out_as_response_format_and_into_the_prompt() -> None:
    with FakeOpenAI(lambda asked: json.dumps({"colour": "red"})) as server:
        assert json.loads(chat_with(server).complete("s", "u", SCHEMA)) == {"colour": "red"}
    sent = server.requests[0]
    assert sent["response_format"]["json_schema"]["schema"] == SCHEMA
    assert json.dumps(SCHEMA) in sent["messages"][0]["content"]


@pytest.mark.parametrize("names_refused", [True, False])
def test_a_server_without_response_format_is_asked_in_the_prompt_from_then_on(names_refused: bool) -> None:
    def fenced(asked: Asked) -> str:
        return 'Here you are:\n```json\n{"colour": "red"}\n```\nAnything else {maybe}?'

    with FakeOpenAI(fenced, refuses=["response_format"], names_refused=names_refused) as server:
        chat = chat_with(server)
        for _ in range(2):
            assert json.loads(chat.complete("s", "u", SCHEMA)) == {"colour": "red"}
    assert ["response_format" in sent for sent in server.requests] == [True, False, False]


def test_refused_parameters_are_left_out_or_renamed() -> None:
    with FakeOpenAI(refuses=["temperature", "max_tokens"], names_refused=True) as server:
        chat = chat_with(server, max_tokens=9)
        chat.complete("s", "u")
        chat.complete("s", "u")
    assert len(server.requests) == 4
    assert server.requests[3]["max_completion_tokens"] == 9
    assert not {"temperature", "max_tokens"} & server.requests[3].keys()


def test_a_400_that_no_parameter_explains_changes_nothing_for_later() -> None:
    server = FakeOpenAI(lambda asked: '{"colour": "red"}', faults=[Fault("status", 400, "no")] * 4)
    with server:
        chat = chat_with(server)
        with pytest.raises(EndpointError, match="no"):
            chat.complete("s", "u", SCHEMA)
        chat.complete("s", "u", SCHEMA)
    assert "response_format" in server.requests[-1]


def test_nonsense_instead_of_json_is_tried_again() -> None:
    answers = iter(["I would rather not.", '{"color": "red"}', "[1]", '{"colour": "red"}'])
    with FakeOpenAI(lambda asked: next(answers)) as server:
        assert json.loads(chat_with(server).complete("s", "u", SCHEMA)) == {"colour": "red"}
    assert len(server.requests) == 4


def test_nonsense_to_the_end_is_an_error() -> None:
    error = failure(FakeOpenAI(lambda asked: "I would rather not."), SCHEMA, attempts=2)
    assert "without a JSON object" in error.cause
    assert "I would rather not." in error.cause


def test_a_cut_off_answer_asks_for_more_tokens() -> None:
    error = failure(FakeOpenAI(faults=[Fault("cut-off")] * 2), SCHEMA, attempts=2)
    assert "raise max_tokens in [endpoints.main]" in error.mend


def test_an_empty_answer_is_an_error_and_never_text() -> None:
    assert "empty answer" in failure(FakeOpenAI(lambda asked: " \n"), attempts=2).cause


@pytest.mark.parametrize(
    ("fault", "schema"),
    [
        (Fault("status", 400, "blocked by the content filter"), None), (Fault("status", 413), None),
        (Fault("status", 500), SCHEMA), (Fault("hang"), None), (Fault("empty"), None), (Fault("no-choices"), None),
        (Fault("cut-off"), SCHEMA),
    ],
    ids=lambda value: f"{value.kind}-{value.status}" if isinstance(value, Fault) else "",
)  # fmt: skip
def test_what_only_this_request_meets_is_an_answer_error(fault: Fault, schema: dict[str, Any] | None) -> None:
    server = FakeOpenAI(lambda asked: '{"colour": "red"}', faults_on={'"u"': fault})
    assert type(failure(server, schema, attempts=2, timeout=0.5)) is AnswerError


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", 400), Fault("status", 401), Fault("status", 402), Fault("status", 403), Fault("status", 404),
        Fault("status", 429), Fault("status", 500), Fault("status", 503), Fault("hang"), Fault("reset"),
        Fault("garbage"), Fault("page"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)  # fmt: skip
def test_what_every_request_meets_is_no_answer_error(fault: Fault) -> None:
    error = failure(FakeOpenAI(faults=[fault] * 9), attempts=2, timeout=0.2)
    assert type(error) is EndpointError


@pytest.mark.parametrize("fault", [Fault("status", 401), Fault("status", 404), Fault("status", 429), Fault("page")])
def test_a_key_a_model_a_limit_or_a_page_are_never_blamed_on_the_request(fault: Fault) -> None:
    """Not even where the endpoint has come round when it is asked again."""
    server = FakeOpenAI(faults_on={'"u"': fault})
    assert type(failure(server, attempts=2)) is EndpointError
    assert len(server.requests) == times_asked(server)


@pytest.mark.parametrize("thought", ["<think>hm {}</think>", "hm</think>", "\n<think>\nhm\n</think>\n\n"])
def test_thoughts_are_not_part_of_the_answer(thought: str) -> None:
    with FakeOpenAI(lambda asked: f"{thought}Green.") as server:
        assert chat_with(server).complete("s", "u") == "Green."


def test_a_thought_that_never_ends_is_no_answer() -> None:
    assert "empty answer" in failure(FakeOpenAI(lambda asked: "<think>hm"), attempts=1).cause


def test_models_are_those_that_the_endpoint_lists() -> None:
    with FakeOpenAI(models=["a", "b"]) as server:
        assert chat_with(server).models() == ["a", "b"]


def test_models_of_an_endpoint_that_cannot_be_reached_are_an_error() -> None:
    with FakeOpenAI() as server:
        chat = chat_with(server)
    with pytest.raises(EndpointError, match="cannot be reached") as raised:
        chat.models()
    assert "start the server" in raised.value.mend


def test_models_need_the_key_too() -> None:
    with FakeOpenAI(key="right") as server, pytest.raises(EndpointError, match="refused the key"):
        chat_with(server, api_key="wrong").models()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>", "text/html"), (b"<html>", "application/json"), (b'{"data": 3}', "application/json"),
        (b'{"data": ["a"]}', "application/json"), (b"[]", "application/json"),
    ],
)  # fmt: skip
def test_a_page_that_lists_no_models_is_an_error(body: bytes, kind: str) -> None:
    with HttpServer() as server:
        url = server.serve("/v1/models", Reply(body, kind)).removesuffix("/models")
        with pytest.raises(EndpointError, match=r"not a list of models|not JSON"):
            OpenAIChat("main", url, "m", None).models()


def test_no_more_requests_run_at_once_than_allowed() -> None:
    def slow(asked: Asked) -> str:
        time.sleep(0.03)
        return "done"

    with FakeOpenAI(slow) as server:
        chat = chat_with(server, concurrency=2)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i: chat.complete("s", "u"), range(8)))
    assert server.most_at_once == 2


def test_retry_after_reads_dates() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert retry_after(later) == pytest.approx(30, abs=15)
    assert retry_after(format_datetime(datetime.now(UTC) - timedelta(days=1))) == 0


@given(st.one_of(st.text(), st.floats().map(str), st.integers().map(str), st.datetimes().map(format_datetime)))
def test_retry_after_never_fails_and_is_never_negative(header: str) -> None:
    seconds = retry_after(header)
    assert seconds is None or seconds >= 0


@given(
    st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.none(), st.lists(st.booleans()))),
    st.text(st.characters(exclude_characters="{}")),
    st.text(),
)
def test_the_first_object_is_found_whatever_stands_around_it(value: dict[str, Any], before: str, after: str) -> None:
    assert first_object(before + json.dumps(value) + after) == value


@given(st.text())
def test_looking_for_an_object_never_fails(text: str) -> None:
    assert first_object(text) is None or "{" in text
