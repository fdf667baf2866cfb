"""One code learns some articles as a person would have it do so: by `seal ingest`, in a process of its own."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from agent.errors import ConfigError, SealError
from agent.records import Document
from agent.records.base import Record

MIB = 1024 if sys.platform != "darwin" else 2**20
"""What a process's peak memory is counted in, by MiB."""


class Learned(Record):
    """What one code did with the articles of one round, and what that took.

    `steps` are seconds by step of the graph; `right` says of each question of an article, in their order, whether it
    came right through gate and router; `retention` is as routed, before and after.
    """

    code: str
    round: int
    documents: int
    seconds: float
    processor: float
    peak_mib: float
    steps: dict[str, float]
    published: int
    right: dict[str, tuple[bool, ...]]
    retention: tuple[float | None, float | None]

    @property
    def per_hour(self) -> float:
        return 3600 * self.documents / self.seconds


@dataclass(frozen=True)
class Code:
    """A checkout, under the name that the bench has for it, and the settings that both get."""

    name: str
    folder: Path
    work: Path
    overrides: Sequence[str]

    def prepare(self) -> None:
        """Convert the model, which is kept for all rounds: it is no part of learning.

        Raises ConfigError where there is no such checkout, or it cannot be started.
        """
        self.work.mkdir(parents=True, exist_ok=True)
        self._told("ask", "--base", "Is it ready?", "--home", str(self.work / "first"))

    def learn(self, number: int, documents: Sequence[Document]) -> Learned:
        """Learn the documents of a round in a new home. Raises SealError where the command fails."""
        home, source = self.work / f"round-{number}", self.work / f"round-{number}.jsonl"
        source.write_text("".join(_line(document) for document in documents), encoding="utf-8")
        shutil.rmtree(home, ignore_errors=True)  # of a round that was cut off
        home.mkdir()
        (home / "models").symlink_to(self.work / "first" / "models", target_is_directory=True)
        began = monotonic()
        summary, used = self._told("ingest", str(source), "--home", str(home))
        seconds = monotonic() - began
        trace, _ = self._told("trace", summary["run"], "--home", str(home))
        steps: dict[str, float] = defaultdict(float)
        for event in trace["events"]:
            steps[event["step"]] += event["seconds"]
        right: dict[str, list[bool]] = {document.title: [] for document in documents}
        for row in summary["answers"]:
            if row["kind"] == "given":
                right[row["title"]].append(row["right_after"])
        return Learned(
            code=self.name, round=number, documents=len(documents), seconds=seconds,
            processor=used.ru_utime + used.ru_stime, peak_mib=used.ru_maxrss / MIB, steps=dict(steps),
            published=summary["published"], right={title: tuple(row) for title, row in right.items()},
            retention=(summary["retention_before"], summary["retention_after"]),
        )  # fmt: skip

    def _told(self, *arguments: str) -> tuple[dict[str, Any], resource.struct_rusage]:
        """What a command answers as JSON, and what its process used."""
        settings = [word for item in self.overrides for word in ("--set", item)]
        with (self.work / "log").open("a", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", self._program(), *arguments, *settings, "--json"], text=True,
                stdout=subprocess.PIPE, stderr=log, env={**os.environ, "PYTHONPATH": str(self.folder)},
            )  # fmt: skip
            assert process.stdout is not None
            with process.stdout as stdout:
                said = stdout.read()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SealError(
                f"seal {arguments[0]} of {self.folder} ended with code {process.returncode}", f"see {log.name}"
            )
        told: dict[str, Any] = json.loads(said)
        return told, used

    def _program(self) -> str:
        """The program `seal` of that checkout."""
        try:
            project = tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
            module, _, name = project["scripts"]["seal"].partition(":")
        except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(
                f"{self.folder} is no checkout of seal", "name the folder of its pyproject.toml"
            ) from error
        return f"import sys; sys.argv[0] = 'seal'; from {module} import {name}; {name}()"


def _line(document: Document) -> str:
    told: Mapping[str, Any] = document.model_dump(include={"title", "text", "questions"}, mode="json")
    return json.dumps(told, ensure_ascii=False) + "\n"


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """So many processes that each keep a core busy."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()
