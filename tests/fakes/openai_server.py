"""A small OpenAI-compatible server on 127.0.0.1: really HTTP, answers by a function, broken on demand."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self


@dataclass(frozen=True)
class Asked:
    """One request for a completion, as the answering function sees it. `schema` is None for plain text."""

    model: str
    system: str
    user: str
    schema: dict[str, Any] | None


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request for a completion.

    status: an error status with a message; hang: no answer until the server closes; reset: the
    connection breaks off in the body; garbage: JSON that is none; page: HTML with status 200;
    no-choices, empty, cut-off: completions without a choice, without content, ended by max_tokens.
    """

    kind: Literal["status", "hang", "reset", "garbage", "page", "no-choices", "empty", "cut-off"]
    status: int = 500
    message: str = "made to fail"
    headers: dict[str, str] = field(default_factory=dict)


Answer = Callable[[Asked], str]
COUNTED = "counted"
Continue = Callable[[str, str], str]
"""From the model's name and the prompt to what the model writes after it."""


class FakeOpenAI:
    """Use as a context manager. `url` ends in /v1; `requests` holds the bodies that came in, in order.

    `faults` are used up one a request, before any answer; `faults_on` meets every request that holds the
    words. `refuses` names parameters that get a 400, whose message names them only with `names_refused`.
    `context` is the longest prompt in words.

    With a `max_rank` it is a vLLM server that loads adapters: `adapters` holds the paths of those that
    it has, by name. It answers under the name that was asked for, or under `answers_as`.

    A token is a word; `usage` is what it sends in place of the counted ones.
    """

    def __init__(
        self,
        answer: Answer = lambda asked: f"You said: {asked.user}",
        models: Iterable[str] = ("fake-model",),
        key: str | None = None,
        faults: Iterable[Fault] = (),
        refuses: Iterable[str] = (),
        names_refused: bool = False,
        context: int = 100_000,
        continuation: Continue = lambda model, prompt: f" {model} on {prompt}",
        max_rank: int = 0,
        answers_as: str = "",
        faults_on: Mapping[str, Fault] | None = None,
        usage: object = COUNTED,
    ) -> None:
        self.answer = answer
        self.continuation = continuation
        self.max_rank = max_rank
        self.answers_as = answers_as
        self.faults_on = dict(faults_on or {})
        self.usage = usage
        self.adapters: dict[str, str] = {}
        self.models = tuple(models)
        self.key = key
        self.faults = deque(faults)
        self.refuses = frozenset(refuses)
        self.names_refused = names_refused
        self.context = context
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.most_at_once = 0
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, fake: FakeOpenAI) -> None:
        self.fake = fake
        self.active = 0
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: a test reads its output."""

    def do_GET(self) -> None:
        if not self._authorized():
            return self._error(401, "Incorrect API key provided")
        if self.path != "/v1/models":
            return self._error(404, "no such path")
        offered = [
            {"id": name, "object": "model", "created": 0, "owned_by": "tests"}
            for name in (*self.server.fake.models, *self.server.fake.adapters)
        ]
        return self._json(200, {"object": "list", "data": offered})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server, fake = self.server, self.server.fake
        with fake.lock:
            fake.requests.append(body)
            fake.paths.append(self.path)
            fake.headers.append(dict(self.headers))
            found = (fault for words, fault in fake.faults_on.items() if words in json.dumps(body))
            fault = fake.faults.popleft() if fake.faults else next(found, None)
            server.active += 1
            fake.most_at_once = max(fake.most_at_once, server.active)
        try:
            self._fail(fault, body) if fault else self._answer(body)
        finally:
            with fake.lock:
                server.active -= 1

    def _answer(self, body: dict[str, Any]) -> None:
        if self.path == "/v1/load_lora_adapter" and self.server.fake.max_rank and self._authorized():
            return self._load(body["lora_name"], Path(body["lora_path"]))
        if refused := self._refusal(body):
            return self._error(*refused)
        if self.path == "/v1/completions":
            return self._continue(body)
        schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
        asked = Asked(body["model"], _said(body, "system"), _said(body, "user"), schema)
        completion, usage = _completion(body, self.server.fake.answer(asked)), self.server.fake.usage
        return self._json(200, completion if usage == COUNTED else {**completion, "usage": usage})

    def _continue(self, body: dict[str, Any]) -> None:
        """One choice a prompt, the last prompt's first. A token is a word."""
        fake, name = self.server.fake, body["model"]
        choices = [
            {"index": i, "text": "".join(re.findall(r"\s*\S+", text)[: body["max_tokens"]]), "finish_reason": "length"}
            for i, text in enumerate(fake.continuation(name, prompt) for prompt in body["prompt"])
        ]
        head = {"id": "cmpl-fake", "object": "text_completion", "created": 0, "model": fake.answers_as or name}
        return self._json(200, {**head, "choices": choices[::-1]})

    def _load(self, name: str, path: Path) -> None:
        """As vLLM 0.32 answers: a sentence where it worked, with the statuses and messages that it has otherwise."""
        fake, config = self.server.fake, path / "adapter_config.json"
        if name in fake.models:
            return self._error(400, f"The lora adapter '{name}' conflicts with a served base model.")
        if name in fake.adapters:
            return self._error(400, f"The lora adapter '{name}' has already been loaded.")
        if not config.is_file():
            return self._error(404, f"Loading lora {name} failed: No adapter found for {path}")
        rank = json.loads(config.read_text())["r"]
        if rank > fake.max_rank:
            told = f"LoRA rank {rank} is greater than max_lora_rank {fake.max_rank}."
            return self._error(500, f"Call to add_lora method failed: Worker failed with error '{told}'")
        fake.adapters[name] = str(path)
        return self._send(200, f"Success: LoRA adapter '{name}' added successfully.".encode(), "text/plain")

    def _refusal(self, body: dict[str, Any]) -> tuple[int, str, str | None] | None:
        fake = self.server.fake
        if not self._authorized():
            return 401, f"Incorrect API key provided: {self.headers.get('Authorization')}", None
        if self.path not in ("/v1/chat/completions", "/v1/completions"):
            return 404, "Not Found", None
        if body["model"] not in {*fake.models, *fake.adapters}:
            return 404, f"The model `{body['model']}` does not exist.", "model"
        prompts = body["prompt"] if "prompt" in body else [message["content"] for message in body["messages"]]
        words = sum(len(prompt.split()) for prompt in prompts)
        if words > fake.context:
            return 400, f"This model's maximum context length is {fake.context} tokens, you sent {words}.", None
        for name in sorted(fake.refuses & body.keys()):
            return (400, f"Unsupported parameter: '{name}'", name) if fake.names_refused else (400, "bad request", None)
        if "response_format" in body and not _is_json_schema(body["response_format"]):
            return 400, "response_format is not a json_schema", None
        return None

    def _fail(self, fault: Fault, body: dict[str, Any]) -> None:
        if fault.kind == "status":
            return self._error(fault.status, fault.message, headers=fault.headers)
        if fault.kind == "hang":
            self.server.fake.closing.wait(30)
            self.close_connection = True
            return None
        if fault.kind == "reset":
            return self._break_off()
        if fault.kind in ("garbage", "page"):
            kind = "application/json" if fault.kind == "garbage" else "text/html"
            return self._send(200, b'{"choices": [<html>', kind)
        if fault.kind == "no-choices":
            return self._json(200, {**_completion(body, ""), "choices": []})
        if fault.kind == "empty":
            return self._json(200, _completion(body, ""))
        return self._json(200, _completion(body, '{"cut', finish="length"))

    def _break_off(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"id": "half')
        self.wfile.flush()
        # Closing with a linger time of zero sends a reset instead of an orderly end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _authorized(self) -> bool:
        key = self.server.fake.key
        return key is None or self.headers.get("Authorization") == f"Bearer {key}"

    def _error(
        self, status: int, message: str, param: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        error = {"message": message, "type": "invalid_request_error", "param": param, "code": None}
        self._json(status, {"error": error}, headers or {})

    def _json(self, status: int, value: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(value).encode(), "application/json", headers)

    def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _said(body: dict[str, Any], role: str) -> str:
    return "\n".join(message["content"] for message in body["messages"] if message["role"] == role)


def _is_json_schema(wanted: dict[str, Any]) -> bool:
    inner = wanted.get("json_schema", {})
    return wanted.get("type") == "json_schema" and isinstance(inner.get("name"), str) and "schema" in inner


def _completion(body: dict[str, Any], text: str, finish: str = "stop") -> dict[str, Any]:
    prompt = sum(len(message["content"].split()) for message in body.get("messages", ()))
    answer = len(text.split())
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer},
    }
