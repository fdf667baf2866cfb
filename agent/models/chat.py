"""A chat model behind an OpenAI-compatible endpoint: one retry policy and one concurrency limit."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

from openai import APIError, APIStatusError, BadRequestError, UnprocessableEntityError, omit
from openai.types.chat import ChatCompletion
from openai.types.shared_params import ResponseFormatJSONSchema

from agent.errors import AnswerError, EndpointError
from agent.models.client import EndpointClient
from agent.models.faults import Nonsense, NotTheApi, may_be_the_requests_own, too_long
from agent.models.json_answers import first_object
from agent.ports import Meter, Tokens

_OPTIONAL = ("temperature", "max_tokens", "response_format")
"""Parameters that some models refuse. A refused one is left out; max_tokens goes under its newer name."""
_SHORT = "Say yes."
"""What an endpoint is asked to see whether it answers at all."""
_THINKING = re.compile(r"\A(?:(?:\s*<think>)?.*?</think>|\s*<think>.*\Z)", re.DOTALL)
"""What a reasoning model thinks aloud before its answer, closed or cut off. Some templates hide the opening tag."""


class OpenAIChat(EndpointClient):
    """The Chat port over HTTP. Safe to share between threads; at most `concurrency` requests run at once.

    A schema has to be one that OpenAI's strict mode takes: every property required, no additional
    ones. The schema is also put into the prompt, so that servers which ignore or refuse
    `response_format` can still follow it; from their answers the first JSON object is taken.
    """

    def __init__(
        self,
        name: str,
        url: str | None,
        model: str,
        api_key: str | None,
        timeout: float = 60,
        attempts: int = 5,
        temperature: float = 0.7,
        max_tokens: int = 1024,
        concurrency: int = 4,
        backoff: float = 0.5,
        longest_wait: float = 60.0,
        meter: Meter | None = None,
    ) -> None:
        """As of any EndpointClient. `meter` is told of every completion that came, also of one that is of no use: it
        is paid for all the same."""
        super().__init__(name, url, model, api_key, timeout, attempts, backoff, longest_wait)
        self.name, self.model = name, model
        self._temperature, self._max_tokens, self._meter = temperature, max_tokens, meter
        self._slots = threading.BoundedSemaphore(concurrency)
        self._lock = threading.Lock()
        self._refused: frozenset[str] = frozenset()

    def complete(self, system: str, user: str, schema: dict[str, Any] | None = None) -> str:
        """The model's answer; with a schema, a JSON object that has its required keys, as text."""
        if schema is not None:
            wanted = json.dumps(schema, ensure_ascii=False)
            system = f"{system}\n\nAnswer with one JSON object and nothing else. Its JSON schema:\n{wanted}"
        try:
            return self.call(lambda: self._attempt(system, user, schema))
        except AnswerError:
            raise
        except EndpointError as error:
            if may_be_the_requests_own(error.__cause__) and self._answers_others(system, schema):
                raise AnswerError(error.cause, error.mend) from error
            raise

    def _answers_others(self, system: str, schema: dict[str, Any] | None) -> bool:
        """Whether the endpoint answers the same kind of request about something short. Asks once.

        A status such as 400 or 500, or a timeout, does not tell a text that the server cannot take (a content
        filter, a prompt that crashes it) from a server that takes none.
        """
        try:
            self._attempt(system, _SHORT, schema)
        except Nonsense as error:
            return not isinstance(error, NotTheApi)
        except (APIError, json.JSONDecodeError, UnicodeDecodeError):
            return False
        return True

    def _attempt(self, system: str, user: str, schema: dict[str, Any] | None) -> str:
        """One answer. Parameters that the endpoint refuses are left out, and stay out once that helped."""
        refused = self._refused
        while True:
            try:
                completion = self._request(system, user, schema, refused)
            except (BadRequestError, UnprocessableEntityError) as error:
                name = _refused_parameter(error, refused, schema is not None)
                if name is None:
                    raise
                refused = refused | {name}
            else:
                with self._lock:
                    self._refused |= refused
                if self._meter and isinstance(completion, ChatCompletion):
                    self._meter(_tokens(completion))
                return _usable(completion, schema)

    def _request(self, system: str, user: str, schema: dict[str, Any] | None, refused: frozenset[str]) -> object:
        """The endpoint's completion, or whatever else it sent with status 200."""
        renamed = "max_tokens" in refused
        with self._slots:
            return self.openai.chat.completions.create(
                model=self.model,
                messages=[{"role": "system", "content": system}, {"role": "user", "content": user}],
                temperature=omit if "temperature" in refused else self._temperature,
                max_tokens=omit if renamed else self._max_tokens,
                max_completion_tokens=self._max_tokens if renamed else omit,
                response_format=omit if schema is None or "response_format" in refused else _format(schema),
                extra_headers=self.headers,
            )


def _refused_parameter(error: APIStatusError, refused: frozenset[str], with_schema: bool) -> str | None:
    """The parameter to leave out next. Servers that do not name it most often mean `response_format`."""
    if too_long(error):
        return None
    sent = [p for p in _OPTIONAL if p not in refused and (p != "response_format" or with_schema)]
    named = [p for p in sent if error.param == p or p in error.message]
    fallback = [p for p in sent if p == "response_format"]
    return next(iter(named + fallback), None)


def _format(schema: dict[str, Any]) -> ResponseFormatJSONSchema:
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}


def _tokens(completion: ChatCompletion) -> Tokens | None:
    """What the server counted. The client lets through whatever it sent, so a count may be anything."""
    prompt, completed = (getattr(completion.usage, f"{name}_tokens", None) for name in ("prompt", "completion"))
    return Tokens(prompt, completed) if isinstance(prompt, int) and isinstance(completed, int) else None


def _usable(completion: object, schema: dict[str, Any] | None) -> str:
    if not isinstance(completion, ChatCompletion):
        raise NotTheApi("answered with a page that is not the chat API")
    if not completion.choices or completion.choices[0].message is None:
        raise Nonsense("answered without any choice")
    choice = completion.choices[0]
    cut_off = choice.finish_reason == "length"
    text = _THINKING.sub("", choice.message.content or "").strip()
    if not text:
        refusal = choice.message.refusal
        raise Nonsense(f"refused to answer: {refusal}" if refusal else "gave an empty answer", cut_off)
    return text if schema is None else _json(text, schema, cut_off)


def _json(text: str, schema: dict[str, Any], cut_off: bool) -> str:
    value = first_object(text)
    if value is None:
        raise Nonsense(f"answered without a JSON object: {text[:80]!r}", cut_off)
    missing = [key for key in schema.get("required", ()) if key not in value]
    if missing:
        raise Nonsense(f"answered with JSON that lacks {', '.join(missing)}", cut_off)
    return json.dumps(value, ensure_ascii=False)
