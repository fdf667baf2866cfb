"""A real HTTP server on 127.0.0.1 for tests: says what it is told to, as slowly or wrongly as it is told to."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Reply:
    """One answer. `hang` seconds pass before it, `drip` seconds before each byte; `cut` breaks it off half way."""

    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hang: float = 0.0
    drip: float = 0.0
    cut: bool = False


class HttpServer:
    """`with HttpServer() as server`: give paths replies with `serve`, and read what was asked in `requests`."""

    def __init__(self) -> None:
        self._replies: dict[str, list[Reply]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.owner = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def serve(self, path: str, *replies: Reply) -> str:
        """Answers `path` with each reply in turn, then with the last one again. Returns the address."""
        self._replies[path] = list(replies)
        return self.url(path)

    def redirect(self, path: str, target: str, status: int = 302) -> str:
        return self.serve(path, Reply(status=status, headers={"Location": target}))

    def url(self, path: str) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}{path}"

    def asked(self, path: str) -> int:
        return sum(requested == path for requested, _ in self.requests)

    def next_reply(self, path: str) -> Reply:
        replies = self._replies.get(path)
        if not replies:
            return Reply(b"no such page", "text/plain", 404)
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        owner: HttpServer = self.server.owner  # type: ignore[attr-defined]
        owner.requests.append((self.path, dict(self.headers)))
        reply = owner.next_reply(self.path)
        owner.closing.wait(reply.hang)
        try:
            self._answer(reply, owner)
        except OSError:  # the client has given up, as a test of its time limit wants it to
            self.close_connection = True

    def _answer(self, reply: Reply, owner: HttpServer) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        body = reply.body[: len(reply.body) // 2] if reply.cut else reply.body
        self._send(body, reply.drip, owner)

    def _send(self, body: bytes, drip: float, owner: HttpServer) -> None:
        if not drip:
            self.wfile.write(body)
            return
        for index in range(len(body)):
            self.wfile.write(body[index : index + 1])
            self.wfile.flush()
            if owner.closing.is_set():
                return
            time.sleep(drip)

    def log_message(self, format: str, *args: Any) -> None:
        """Keeps the test's output free of one line a request."""
