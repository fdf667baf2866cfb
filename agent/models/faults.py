"""What went wrong with an endpoint, in words that name the config key to change."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError

from agent.errors import AnswerError, EndpointError
from agent.redact import without_credentials

_TOO_LONG = re.compile(r"context[ _]?(length|window|size)|maximum.{0,20} tokens|prompt is too long", re.IGNORECASE)
_MODELS_SHOWN = 10


class Nonsense(Exception):
    """The endpoint answered, but with nothing that can be used. Worth asking again."""

    def __init__(self, what: str, cut_off: bool = False) -> None:
        super().__init__(what)
        self.cut_off = cut_off
        """The answer ended because it reached max_tokens."""


class NotTheApi(Nonsense):
    """What answered is no model's API: another page under this url. It says nothing about the request."""


@dataclass(frozen=True)
class Endpoint:
    """Where a model answers. `name` is its table in the config, `[endpoints.NAME]`."""

    name: str
    url: str
    model: str
    timeout: float
    api_key: str | None = field(repr=False)

    @property
    def table(self) -> str:
        return f"[endpoints.{self.name}]"


_OF_EVERY_REQUEST = (401, 403, 404, 408, 429)
"""Statuses about the key, the model, the url or the load: whatever is asked gets them."""


def may_be_the_requests_own(error: BaseException | None) -> bool:
    """Whether a failure can come from what was asked, though it may as well come from the endpoint."""
    if isinstance(error, APIStatusError):
        return error.status_code not in _OF_EVERY_REQUEST
    return isinstance(error, APITimeoutError)


def too_long(error: APIError) -> bool:
    """Whether a request was refused because the prompt does not fit the model's context."""
    return error.code == "context_length_exceeded" or bool(_TOO_LONG.search(error.message))


def explain(endpoint: Endpoint, error: APIError | Nonsense, offered: Callable[[], Sequence[str]]) -> EndpointError:
    """The error for people, an AnswerError where it is sure that only this one request is concerned.

    `offered` asks the endpoint which models it has; empty where it does not say.
    """
    found = described(endpoint, *_cause_and_mend(endpoint, error, offered))
    answered = isinstance(error, Nonsense) and not isinstance(error, NotTheApi)
    if answered or (isinstance(error, APIStatusError) and _says_too_long(error)):
        return AnswerError(found.cause, found.mend)
    return found


def described(endpoint: Endpoint, cause: str, mend: str) -> EndpointError:
    """The error that says of which endpoint `cause` is told, without any password or key."""
    text = f"endpoint '{endpoint.name}' ({endpoint.url}) {cause}"
    # Servers may quote the key that they refuse, and errors end up in traces and terminals.
    text = without_credentials(text)
    return EndpointError(text.replace(endpoint.api_key, "***") if endpoint.api_key else text, mend)


def _cause_and_mend(
    endpoint: Endpoint, error: APIError | Nonsense, offered: Callable[[], Sequence[str]]
) -> tuple[str, str]:
    table = endpoint.table
    if isinstance(error, Nonsense):
        if error.cut_off:
            return f"{error} (cut off at max_tokens)", f"raise max_tokens in {table}"
        return str(error), f"choose another model in {table}, and check that url is its OpenAI-compatible API"
    if isinstance(error, APITimeoutError):
        mend = f"raise timeout in {table}, or choose a faster model there"
        return f"did not answer within {endpoint.timeout:g} s", mend
    if isinstance(error, APIConnectionError):
        reason = error.__cause__ or error
        return f"cannot be reached: {reason}", f"start the server, or correct url in {table}"
    if isinstance(error, APIStatusError):
        return _status(endpoint, error, offered)
    return f"failed: {error.message}", f"check url in {table}"


def _status(endpoint: Endpoint, error: APIStatusError, offered: Callable[[], Sequence[str]]) -> tuple[str, str]:
    code, message, table = error.status_code, said(error), endpoint.table
    if code in (401, 403):
        return _key(endpoint, code, message)
    if _says_too_long(error):
        mend = f"choose a model with a longer context in {table}, or give shorter documents"
        return f"says that the prompt is too long for model '{endpoint.model}': {message}", mend
    if code in (400, 404, 422):
        return _model(endpoint, code, message, offered())
    if code == 429:
        mend = f"wait, or check the quota of the key that {table} uses"
        return f"refuses more requests for now (HTTP 429): {message}", mend
    return f"failed with HTTP {code}: {message}", f"read the server's log, or correct url in {table}"


def _says_too_long(error: APIStatusError) -> bool:
    return error.status_code in (400, 413, 422) and too_long(error)


def _key(endpoint: Endpoint, code: int, message: str) -> tuple[str, str]:
    if endpoint.api_key is None:
        mend = f"set api_key_env in {endpoint.table} to the name of the environment variable that holds the key"
        return f"asks for a key (HTTP {code}): {message}", mend
    mend = f"put a valid key for '{endpoint.model}' into the variable that api_key_env in {endpoint.table} names"
    return f"refused the key (HTTP {code}): {message}", mend


def _model(endpoint: Endpoint, code: int, message: str, offered: Sequence[str]) -> tuple[str, str]:
    if offered and endpoint.model not in offered:
        near = difflib.get_close_matches(endpoint.model, offered, _MODELS_SHOWN)
        shown = list(dict.fromkeys([*near, *offered]))[:_MODELS_SHOWN]
        more = f" and {len(offered) - len(shown)} more" if len(offered) > len(shown) else ""
        mend = f"set model in {endpoint.table} to one that it offers: {', '.join(shown)}{more}"
        return f"has no model '{endpoint.model}' (HTTP {code})", mend
    mend = f"check model and url in {endpoint.table}; the url usually ends in /v1"
    return f"refused the request (HTTP {code}): {message}", mend


def said(error: APIStatusError) -> str:
    """The server's own sentence, without the wrapping that the client puts around it, at most 300 characters."""
    body = error.body
    text = body.get("message") if isinstance(body, dict) else None
    return " ".join(str(text or error.message).split())[:300]
