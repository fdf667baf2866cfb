"""Web addresses as payloads: redirects, time and size limits, and retries of what may pass by itself."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import suppress

import httpx
import tenacity

from agent.errors import SourceError
from agent.redact import without_credentials
from agent.sources.payload import Payload

MAX_WEB_BYTES = 20 * 2**20
TRIES = 3
_TRANSIENT_STATUS = frozenset({429, 500, 502, 503, 504})
_HEADERS = {
    "User-Agent": "seal (feed reader)",
    "Accept": "application/atom+xml, application/rss+xml, application/feed+json, text/html;q=0.9, */*;q=0.5",
}


class FetchError(SourceError):
    """`transient` where the same request may succeed a moment later."""

    def __init__(self, cause: str, mend: str, transient: bool = False) -> None:
        super().__init__(cause, mend)
        self.transient = transient


def fetch(url: str, timeout: float) -> Payload:
    """What the address answers after redirects, within `timeout` seconds for all tries together.

    Raises:
        SourceError: wrong address, no such host, refused, timed out, an error status, too large, empty.
    """
    deadline = time.monotonic() + timeout
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: isinstance(error, FetchError) and error.transient),
        stop=tenacity.stop_after_attempt(TRIES) | tenacity.stop_before_delay(timeout),
        wait=tenacity.wait_random_exponential(multiplier=0.3, max=2.0),
        reraise=True,
    )
    return retrying(_fetch_once, url, deadline, timeout)


def _fetch_once(url: str, deadline: float, timeout: float) -> Payload:
    left = max(0.05, deadline - time.monotonic())
    try:
        with (
            httpx.Client(timeout=left, follow_redirects=True, max_redirects=10, headers=_HEADERS) as client,
            client.stream("GET", url) as response,
        ):
            _check_status(response)
            shown = _shown(response.url)
            data = _body(response, shown, deadline, timeout)
            media_type = response.headers.get("content-type", "").split(";")[0].strip().lower()
            return Payload(shown, data, media_type, response.charset_encoding or "")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _translated(url, error, timeout) from error
    except (UnicodeError, OverflowError) as error:  # from the socket: a host name or port beyond its limits
        raise _no_address(_shown(url), error) from error


def _body(response: httpx.Response, shown: str, deadline: float, timeout: float) -> bytes:
    announced = response.headers.get("content-length", "")
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_WEB_BYTES or (announced.isdigit() and int(announced) > MAX_WEB_BYTES):
            mend = "download it, and split it into smaller files"
            raise FetchError(f"{shown} is larger than {MAX_WEB_BYTES // 2**20} MiB", mend)
        if time.monotonic() > deadline:  # httpx limits the wait for each chunk, not for all of them
            raise _too_slow(shown, timeout)
    if not body.strip():
        raise FetchError(f"{shown} is empty", "check the address in a browser")
    return bytes(body)


def _check_status(response: httpx.Response) -> None:
    if response.is_success:
        return
    status, shown = response.status_code, _shown(response.url)
    cause = f"{shown} answers {status} {response.reason_phrase}".rstrip()
    if status in (404, 410):
        raise FetchError(cause, "there is no such page: check the address in a browser")
    if status in (401, 403, 407, 451):
        raise FetchError(cause, "the server refuses: save the page in a browser and give the file")
    if status in _TRANSIENT_STATUS:
        wait = response.headers.get("retry-after", "")
        mend = f"try again in {wait} seconds, as it asks" if wait.isdigit() else "try again later"
        raise FetchError(cause, mend, transient=True)
    raise FetchError(cause, "check the address in a browser")


def _translated(url: str, error: httpx.HTTPError | httpx.InvalidURL, timeout: float) -> FetchError:
    """The one place where httpx's errors become ours."""
    shown = _shown(url)
    if isinstance(error, httpx.TimeoutException):
        return _too_slow(shown, timeout)
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return _no_address(shown, error)
    if isinstance(error, httpx.TooManyRedirects):
        return FetchError(f"{shown} redirects without end", "check the address in a browser")
    if isinstance(error, httpx.DecodingError):
        return FetchError(f"{shown} sends a compressed answer that is broken", "try again later")
    if isinstance(error, httpx.ConnectError):
        return _not_connected(shown, error)
    return FetchError(f"{shown} breaks the connection off: {error}", "try again later", transient=True)


def _not_connected(shown: str, error: httpx.ConnectError) -> FetchError:
    causes = _chain(error)
    if names := [cause for cause in causes if isinstance(cause, socket.gaierror)]:
        mend = "check the address, and that this machine is online"
        temporary = names[0].errno == socket.EAI_AGAIN
        return FetchError(f"{shown} names a host that cannot be found (DNS)", mend, temporary)
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return FetchError(f"{shown} cannot be trusted: {error}", "check the address and this machine's clock")
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return FetchError(f"{shown} refuses the connection", "check host and port, or try again later", True)
    return FetchError(f"{shown} cannot be reached: {error}", "check that this machine is online", True)


def _chain(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


def _no_address(shown: str, error: Exception) -> FetchError:
    return FetchError(f"{shown} is not a web address: {error}", "write it as https://host/path")


def _too_slow(shown: str, timeout: float) -> FetchError:
    return FetchError(f"{shown} does not answer within {timeout:g} seconds (timeout)", "try again later")


def _shown(url: httpx.URL | str) -> str:
    """The address without user name and password, which must reach no ledger and no screen, and without fragment."""
    with suppress(httpx.InvalidURL):
        url = httpx.URL(url).copy_with(fragment=None)
    return without_credentials(str(url))
