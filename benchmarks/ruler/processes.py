"""One checkout's code at work in a process of its own, which is started again where a passage ended it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from agent.errors import ConfigError, SealError
from agent.text.normal import count_words
from benchmarks.ruler.passages import Passage
from benchmarks.ruler.results import Learned, Library, OwnProbe

OWN = Path(__file__).parents[2]
"""The code that this module is part of."""
WORKER = Path(__file__).with_name("worker.py")
CRASHED = "crashed"
"""The outcome of a passage that ended its process."""


class WorkerDied(Exception):
    """With the last line that it printed."""


@dataclass
class Worker:
    """The process is started with the first request. `home` is None where only probes are made, which needs none.

    Raises:
        ConfigError: there is no such code, or it cannot be started.
    """

    code: Path
    home: Path | None
    overrides: Mapping[str, str] = field(default_factory=dict)
    log: Path = Path(os.devnull)
    """What it prints."""
    _process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    def learn(self, passage: Passage) -> Learned:
        """Learn it bare. One that ends the process is told as such."""
        about = {"key": passage.key, "origin": passage.origin, "title": passage.title,
                 "words": count_words(passage.text)}  # fmt: skip
        try:
            return Learned.model_validate(about | self._request({"passage": passage.model_dump()}))
        except WorkerDied as died:
            return Learned.model_validate(about | {"outcome": CRASHED, "detail": str(died)})

    def ask_all(self, passages: Sequence[Passage]) -> Library:
        """Raises SealError where the process ends before it has the answers."""
        try:
            return Library.model_validate(self._request({"passages": [p.model_dump() for p in passages]}))
        except WorkerDied as died:
            raise SealError(f"the questions could not be asked at the end: {died}", f"see {self.log}") from died

    def probes(self, passage: Passage) -> tuple[OwnProbe, ...]:
        """Empty where making them ends the process."""
        try:
            told = self._request({"passage": passage.model_dump()})
        except WorkerDied:
            return ()
        return tuple(OwnProbe.model_validate(probe) for probe in told["probes"])

    def commit(self) -> str:
        """The commit that is checked out there; "" where git does not know."""
        with suppress(OSError):
            command = ["git", "-C", str(self.code), "describe", "--always", "--dirty"]
            return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        return ""

    def _request(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._exchange(self._process or self._started(), request)

    def _started(self) -> subprocess.Popen[str]:
        if not (self.code / "agent").is_dir() or not (self.code / "graphs").is_dir():
            raise ConfigError(f"{self.code} is no checkout of seal", "name the folder that holds agent/ and graphs/")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a", encoding="utf-8") as log:
            self._process = process = subprocess.Popen(
                [sys.executable, "-P", str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                text=True, encoding="utf-8", env={**os.environ, "PYTHONPATH": str(self.code)},
            )  # fmt: skip
        home = str(self.home) if self.home else ""
        try:
            ready = self._exchange(process, {"home": home, "set": dict(self.overrides)})
        except WorkerDied as died:
            raise ConfigError(f"the code in {self.code} cannot be started: {died}", f"see {self.log}") from died
        if Path(ready["code"]).resolve() != self.code.resolve():
            raise ConfigError(f"{ready['code']} was imported in place of {self.code}", "run it in another environment")
        return process

    def _exchange(self, process: subprocess.Popen[str], request: Mapping[str, Any]) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):  # then there is no answer either
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        answer = process.stdout.readline()
        if not answer.endswith("\n"):
            self._stop()
            raise WorkerDied(self._last_words() or "its process ended")
        told: dict[str, Any] = json.loads(answer)
        return told

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.close()  # it ends when there is nothing more to do
        process.stdout.close()
        process.wait()

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.is_file() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
