"""The client of one OpenAI-compatible endpoint, its retries and its errors. chat.py and served.py stand on it."""

from __future__ import annotations

import json
import random
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlsplit

from openai import APIConnectionError, APIError, APIStatusError, Omit, OpenAI, omit
from openai.types import Model
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from agent.errors import EndpointError
from agent.models.faults import Endpoint, Nonsense, NotTheApi, explain

_OPENAI_URL = "https://api.openai.com/v1"
_OFFERED_TIMEOUT = 10.0
_HIDDEN: dict[str, str | Omit] = {"OpenAI-Organization": omit, "OpenAI-Project": omit}
"""Beside the key, what the client would else take from the environment."""
_NO_LIST = "answered with a page that is not a list of models"
T = TypeVar("T")


class EndpointClient:
    """One endpoint. Safe to share between threads.

    `openai` is for requests inside `call`, each with `headers` as its extra headers. Settings come
    from the arguments alone: the client's environment variables are not read.
    """

    def __init__(
        self,
        name: str,
        url: str | None,
        model: str,
        api_key: str | None,
        timeout: float = 60,
        attempts: int = 5,
        backoff: float = 0.5,
        longest_wait: float = 60.0,
    ) -> None:
        """`timeout`, `backoff` (the first wait, doubled after each) and `longest_wait` are in seconds.

        Raises:
            EndpointError: the url is not an http(s) address, or the key cannot be sent in a header.
        """
        self.endpoint = Endpoint(name, url or _OPENAI_URL, model, timeout, (api_key or "").strip() or None)
        _refuse_unusable(self.endpoint)
        self.openai = OpenAI(api_key="unused", base_url=self.endpoint.url, timeout=timeout, max_retries=0)
        # Left to the garbage collector, a socket may go before the client that would have closed it.
        weakref.finalize(self, self.openai.close)
        key = f"Bearer {self.endpoint.api_key}" if self.endpoint.api_key else omit
        self.headers = _HIDDEN | {"Authorization": key}
        self._attempts, self._backoff, self._longest_wait = attempts, backoff, longest_wait

    def call(self, attempt: Callable[[], T]) -> T:
        """What `attempt` returns, tried again after faults that may pass.

        Raises:
            AnswerError: an answer that cannot be used, after all attempts, or a prompt that is too long.
            EndpointError: all attempts failed, or a refusal that no attempt can mend.
        """
        retrying = Retrying(
            stop=stop_after_attempt(self._attempts), wait=self._wait, retry=retry_if_exception(_worth_retrying),
            reraise=True,
        )  # fmt: skip
        try:
            answer: T = retrying(_readable, attempt)
        except (APIError, Nonsense) as error:
            raise explain(self.endpoint, error, self._offered) from error
        return answer

    def models(self) -> list[str]:
        """The models that the endpoint lists now. Asks once. Raises EndpointError where it cannot be reached, or gives
        no list."""
        try:
            return self._models(self.endpoint.timeout)
        except (APIError, Nonsense) as error:
            raise explain(self.endpoint, error, list) from error

    def _models(self, timeout: float) -> list[str]:
        try:
            page = _readable(lambda: self.openai.models.list(timeout=timeout, extra_headers=self.headers))
        except AttributeError as error:  # the client handles whatever came as if it were a list of models
            raise NotTheApi(_NO_LIST) from error
        data: object = page.data or []
        if not isinstance(data, list) or not all(isinstance(model, Model) for model in data):
            raise NotTheApi(_NO_LIST)
        return [model.id for model in data]

    def _offered(self) -> list[str]:
        """Models to name in an error; empty where the endpoint does not say, which is no second error."""
        try:
            return self._models(_OFFERED_TIMEOUT)
        except (APIError, Nonsense):
            return []

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        told = retry_after(error.response.headers.get("retry-after")) if isinstance(error, APIStatusError) else None
        grown: float = self._backoff * 2 ** (state.attempt_number - 1)
        return min(self._longest_wait, grown * random.uniform(0.75, 1.25) if told is None else told)


def retry_after(header: str | None) -> float | None:
    """Seconds that a Retry-After header (seconds or an HTTP date) asks to wait; None where it says nothing usable."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            date = parsedate_to_datetime(header)
        except ValueError:
            return None
        aware = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = (aware - datetime.now(UTC)).total_seconds()
    return None if seconds != seconds else max(0.0, seconds)


def _readable(ask: Callable[[], T]) -> T:
    """What a request brought. The client lets a body that is not JSON through as an error of its parser."""
    try:
        return ask()
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise NotTheApi("answered with a body that is not JSON") from error


def _worth_retrying(error: BaseException) -> bool:
    if isinstance(error, APIStatusError):
        return error.status_code in (408, 429) or error.status_code >= 500
    return isinstance(error, (APIConnectionError, Nonsense))


def _refuse_unusable(endpoint: Endpoint) -> None:
    has = f"endpoint '{endpoint.name}' has"
    if not _is_http(endpoint.url):
        mend = f"write url in {endpoint.table} as http://HOST:PORT/v1"
        raise EndpointError(f"{has} an unusable url: {endpoint.url}", mend)
    key = endpoint.api_key or ""
    if not key.isascii() or any(c.isspace() for c in key):
        mend = f"correct the value of the variable that api_key_env in {endpoint.table} names"
        raise EndpointError(f"{has} a key with characters that no key has", mend)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False
